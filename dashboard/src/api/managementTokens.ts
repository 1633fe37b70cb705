// Management tokens: secrets with which scripts call the control API.
import { queryOptions } from '@tanstack/react-query';
import { useChange } from './change';
import { api, CSRF, read } from './client';
import { everyPage } from './queries';
import type { components } from './schema';

type Schemas = components['schemas'];
export type ManagementToken = Schemas['ManagementToken'];
export type CreatedManagementToken = Schemas['CreatedManagementToken'];
export type NewManagementToken = Schemas['NewManagementToken'];
export type Scope = Schemas['Scope'];

/** What each scope is for, in the order of control/scopes.def. */
export const SCOPES: { value: Scope; may: string }[] = [
  { value: 'read', may: 'see everything but the audit log' },
  { value: 'audit', may: 'see and export the audit log' },
  { value: 'keys', may: 'make, change, rotate and revoke API keys' },
  {
    value: 'provider-keys',
    may: 'add, change, order and delete provider keys and custom providers',
  },
  { value: 'projects', may: 'make, change and archive projects' },
  { value: 'members', may: 'invite, change and remove members' },
  { value: 'organisation', may: 'change the organisation’s settings' },
];

const keyOf = (org: string) => ['org', org, 'settings', 'management-tokens'];

export const managementTokensQuery = (org: string) =>
  queryOptions({
    queryKey: keyOf(org),
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        read(
          api.GET('/api/v1/organisations/{org}/management-tokens', {
            params: { path: { org }, query: { limit: 200, ...(cursor && { cursor }) } },
            signal,
          }),
        ),
      ),
  });

export const useCreateManagementToken = (org: string) =>
  useChange(org, (body: NewManagementToken) =>
    read(
      api.POST('/api/v1/organisations/{org}/management-tokens', {
        params: { path: { org }, ...CSRF },
        body,
      }),
    ),
  );

export const useRevokeManagementToken = (org: string) =>
  useChange(org, (id: string) =>
    read(
      api.DELETE('/api/v1/organisations/{org}/management-tokens/{id}', {
        params: { path: { org, id }, ...CSRF },
      }),
    ),
  );
