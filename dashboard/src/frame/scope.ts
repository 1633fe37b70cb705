// Who is signed in, and which organisation and project the address names.
import { useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { Organisation, Session } from '@/api/client';
import { sessionQuery } from '@/api/queries';
import { rememberedId } from '@/lib/organisationInSight';

export function rememberedOrganisation(session: Session): Organisation | undefined {
  const id = rememberedId();
  return session.organisations.find((org) => org.id === id) ?? session.organisations[0];
}

export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data;
}

/** The organisation of the address; undefined if the person is no member of it. */
export function useOrganisation(): Organisation | undefined {
  const { org } = useParams({ from: '/signed-in/o/$org' });
  return useSession().organisations.find(({ id }) => id === org);
}

export type Scope = {
  session: Session;
  org: Organisation;
  /** Undefined: all projects. */
  project: Organisation['projects'][number] | undefined;
  setProject: (id: string | undefined) => void;
};

/** For pages inside the frame, which shows them only with an organisation. One that has just gone
 * (archived, left) is kept until the frame has left it, too. */
export function useScope(): Scope {
  const session = useSession();
  const named = useOrganisation();
  const [known, setKnown] = useState(named);
  if (named && named !== known) setKnown(named);
  const org = named ?? known;
  const { project } = useSearch({ from: '/signed-in/o/$org' });
  const navigate = useNavigate();
  if (!org) throw new Error('A page outside its organisation.');
  return {
    session,
    org,
    project: org.projects.find(({ id }) => id === project),
    setProject: (id) =>
      void navigate({ to: '.', search: (old: object) => ({ ...old, project: id }) }),
  };
}

const RANK = { viewer: 0, developer: 1, admin: 2, owner: 3 } as const;

export function may(org: Organisation, least: keyof typeof RANK): boolean {
  return RANK[org.role] >= RANK[least];
}

/** In a suspended organisation nobody makes or changes anything; the banner says why. What can be
 * deleted still can be: `may`. */
export function mayWrite(org: Organisation, least: keyof typeof RANK): boolean {
  return !org.suspended && may(org, least);
}
