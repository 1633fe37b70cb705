// Questions and changes of the settings pages: organisation, members, projects, audit log.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { bounds, type RangeSearch } from '@/lib/range';
import { useChange } from './change';
import {
  api,
  CSRF,
  ifMatch,
  type Member,
  type OrganisationDetail,
  type Role,
  read,
} from './client';
import { everyPage, sessionQuery } from './queries';
import type { components } from './schema';

/** A change that the session tells of, too: names of organisations and projects, and one's role. */
const useSessionChange = <In, Out>(org: string, run: (input: In) => Promise<Out>) =>
  useChange(org, run, [sessionQuery.queryKey]);

// ---------------------------------------------------------------- organisations

export const organisationQuery = (org: string) =>
  queryOptions({
    queryKey: ['org', org, 'settings', 'organisation'],
    queryFn: ({ signal }) =>
      read(api.GET('/api/v1/organisations/{org}', { params: { path: { org } }, signal })),
  });

export const useCreateOrganisation = () =>
  useSessionChange('', (name: string) =>
    read(api.POST('/api/v1/organisations', { params: CSRF, body: { name } })),
  );

export const useRenameOrganisation = ({ id: org, etag }: OrganisationDetail) =>
  useSessionChange(org, (name: string) =>
    read(
      api.PATCH('/api/v1/organisations/{org}', {
        params: { path: { org }, ...ifMatch(etag) },
        body: { name },
      }),
    ),
  );

export const useArchiveOrganisation = ({ id: org, etag }: OrganisationDetail) =>
  useSessionChange(org, (name: string) =>
    read(
      api.POST('/api/v1/organisations/{org}/archive', {
        params: { path: { org }, ...ifMatch(etag) },
        body: { name },
      }),
    ),
  );

// ---------------------------------------------------------------- projects

export type ProjectStatus = 'active' | 'archived';

export const projectsQuery = (org: string, status: ProjectStatus) =>
  queryOptions({
    queryKey: ['org', org, 'settings', 'projects', status],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        read(
          api.GET('/api/v1/organisations/{org}/projects', {
            params: { path: { org }, query: { status, limit: 200, ...(cursor && { cursor }) } },
            signal,
          }),
        ),
      ),
  });

export const useCreateProject = (org: string) =>
  useSessionChange(org, (body: components['schemas']['NewProject']) =>
    read(
      api.POST('/api/v1/organisations/{org}/projects', {
        params: { path: { org }, ...CSRF },
        body,
      }),
    ),
  );

type ProjectChange = components['schemas']['ProjectPatch'] & { id: string; etag: string };

export const useChangeProject = (org: string) =>
  useSessionChange(org, ({ id, etag, ...body }: ProjectChange) =>
    read(
      api.PATCH('/api/v1/organisations/{org}/projects/{project}', {
        params: { path: { org, project: id }, ...ifMatch(etag) },
        body,
      }),
    ),
  );

// ---------------------------------------------------------------- members and invitations

export const membersQuery = (org: string) =>
  queryOptions({
    queryKey: ['org', org, 'settings', 'members'],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        read(
          api.GET('/api/v1/organisations/{org}/members', {
            params: { path: { org }, query: { limit: 200, ...(cursor && { cursor }) } },
            signal,
          }),
        ),
      ),
  });

export const useChangeRole = (org: string) =>
  useSessionChange(org, ({ member, role }: { member: Member; role: Role }) =>
    read(
      api.PATCH('/api/v1/organisations/{org}/members/{id}', {
        params: { path: { org, id: member.user.id }, ...ifMatch(member.etag) },
        body: { role },
      }),
    ),
  );

export const useRemoveMember = (org: string) =>
  useSessionChange(org, ({ member, keys }: { member: Member; keys: 'keep' | 'revoke' }) =>
    read(
      api.DELETE('/api/v1/organisations/{org}/members/{id}', {
        params: {
          path: { org, id: member.user.id },
          query: { api_keys: keys },
          ...ifMatch(member.etag),
        },
      }),
    ),
  );

export const invitationsQuery = (org: string) =>
  queryOptions({
    queryKey: ['org', org, 'settings', 'invitations'],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        read(
          api.GET('/api/v1/organisations/{org}/invitations', {
            params: { path: { org }, query: { limit: 200, ...(cursor && { cursor }) } },
            signal,
          }),
        ),
      ),
  });

export const useInvite = (org: string) =>
  useSessionChange(org, (body: { email: string; role: Role }) =>
    read(
      api.POST('/api/v1/organisations/{org}/invitations', {
        params: { path: { org }, ...CSRF },
        body,
      }),
    ),
  );

export const useResendInvitation = (org: string) =>
  useSessionChange(org, (id: string) =>
    read(
      api.POST('/api/v1/organisations/{org}/invitations/{id}/resend', {
        params: { path: { org, id }, ...CSRF },
      }),
    ),
  );

export const useRevokeInvitation = (org: string) =>
  useSessionChange(org, (id: string) =>
    read(
      api.DELETE('/api/v1/organisations/{org}/invitations/{id}', {
        params: { path: { org, id }, ...CSRF },
      }),
    ),
  );

export const invitationQuery = (token: string) =>
  queryOptions({
    queryKey: ['invitation', token],
    queryFn: () => read(api.POST('/api/v1/invitations/lookup', { body: { token } })),
    retry: false,
    gcTime: 0,
  });

export const useAcceptInvitation = () =>
  useSessionChange('', (token: string) =>
    read(api.POST('/api/v1/invitations/accept', { params: CSRF, body: { token } })),
  );

// ---------------------------------------------------------------- audit log

export type AuditFilters = RangeSearch & {
  action?: string | undefined;
  actor?: string | undefined;
  target?: string | undefined;
};

export function auditParameters({ action, actor, target, ...range }: AuditFilters) {
  return {
    ...bounds(range),
    ...(action && { action }),
    ...(actor && { actor }),
    ...(target && { target }),
  };
}

export const auditQuery = (org: string, filters: AuditFilters) =>
  infiniteQueryOptions({
    queryKey: ['org', org, 'settings', 'audit', filters],
    queryFn: ({ pageParam, signal }) =>
      read(
        api.GET('/api/v1/organisations/{org}/audit', {
          params: {
            path: { org },
            query: {
              ...auditParameters(filters),
              limit: 100,
              ...(pageParam && { cursor: pageParam }),
            },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor,
  });
