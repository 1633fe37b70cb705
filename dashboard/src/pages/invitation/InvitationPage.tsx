import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { instanceQuery, sessionQuery } from '@/api/queries';
import { invitationQuery, useAcceptInvitation } from '@/api/settings';
import { Mark } from '@/frame/Mark';
import { date } from '@/lib/format';
import { roleName } from '@/pages/members/roles';
import { Button, ButtonLink } from '@/ui/Button';
import { FormError } from '@/ui/Notice';
import { Skeleton } from '@/ui/Skeleton';
import css from './InvitationPage.module.css';

const KEY = 'doteb.invitation';

// The token is behind the #, which no server sees. It is kept over the way through the sign-in, for
// this tab only, and leaves the address.
function takeToken(): string {
  const fresh = location.hash.slice(1);
  try {
    if (!fresh) return sessionStorage.getItem(KEY) ?? '';
    sessionStorage.setItem(KEY, fresh);
    history.replaceState(history.state, '', '/invitation');
  } catch {
    // Storage may be off: the address keeps it.
  }
  return fresh;
}

export default function InvitationPage() {
  const [token] = useState(takeToken);
  useEffect(() => {
    document.title = 'Invitation · doteb';
  }, []);
  return (
    <main className={css.page}>
      <div className={css.card}>
        <div className={css.brand}>
          <Mark />
          <span>doteb</span>
        </div>
        {token ? <Invitation token={token} /> : <Gone text="The link is not complete." />}
      </div>
    </main>
  );
}

function Gone({ text }: { text: string }) {
  return (
    <>
      <h1 className={css.title}>This invitation cannot be used</h1>
      <p className={css.text}>{text}</p>
      <ButtonLink to="/">Go to the dashboard</ButtonLink>
    </>
  );
}

function Invitation({ token }: { token: string }) {
  const invitation = useQuery(invitationQuery(token));
  const session = useQuery({ ...sessionQuery, retry: false });
  const instance = useQuery(instanceQuery);
  const navigate = useNavigate();
  const accept = useAcceptInvitation();
  if (invitation.isError) return <Gone text={invitation.error.message} />;
  if (!invitation.data || session.isPending) {
    return (
      <div className={css.loading} aria-busy="true">
        <span className="visually-hidden" role="status">
          Loading
        </span>
        <Skeleton width={60} />
      </div>
    );
  }
  const { organisation, email, role, invited_by, expires_at } = invitation.data;
  const user = session.data?.user;
  const theirs = user?.email.toLowerCase() === email.toLowerCase();
  const join = () =>
    accept.mutate(token, {
      onSuccess: ({ organisation_id: org }) => {
        try {
          sessionStorage.removeItem(KEY);
        } catch {
          // Storage may be off.
        }
        void navigate({ to: '/o/$org', params: { org } });
      },
    });
  return (
    <>
      <h1 className={css.title}>Join {organisation}</h1>
      <p className={css.text}>
        {invited_by} invites {email} as {roleName(role).toLowerCase()}. The invitation ends{' '}
        {date(expires_at)}.
      </p>
      {!user ? (
        <>
          <ButtonLink look="primary" to="/login" search={{ next: '/invitation' }}>
            Sign in to join
          </ButtonLink>
          {instance.data?.mail && instance.data.sign_up !== 'closed' && (
            <p className={css.text}>
              No account yet? <Link to="/sign-up">Create one</Link> with {email}, then open this
              invitation again.
            </p>
          )}
        </>
      ) : theirs ? (
        <Button look="primary" disabled={accept.isPending} onClick={join}>
          {accept.isPending ? 'Joining…' : `Join ${organisation}`}
        </Button>
      ) : (
        <>
          <p className={css.text}>You are signed in as {user.email}, another address.</p>
          <ButtonLink to="/login" search={{ next: '/invitation' }}>
            Sign in as {email}
          </ButtonLink>
        </>
      )}
      <FormError error={accept.error} />
    </>
  );
}
