// What API keys may be restricted to, and what revoking one breaks.
import { queryOptions } from '@tanstack/react-query';
import { type ApiKey, api, read } from './client';

export type Restrictions = Pick<ApiKey, 'models' | 'providers' | 'ip_ranges'>;

export const apiKeyImpactQuery = (org: string, project: string, id: string) =>
  queryOptions({
    queryKey: ['org', org, 'api-key-impact', project, id],
    queryFn: ({ signal }) =>
      read(
        api.GET('/api/v1/organisations/{org}/projects/{project}/api-keys/{id}/impact', {
          params: { path: { org, project, id } },
          signal,
        }),
      ),
    staleTime: 0,
  });
