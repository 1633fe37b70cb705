// What the playground asks control: the models there are, and a key for an hour.
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, CSRF, read } from './client';
import { everyPage } from './queries';

export const allModelsQuery = queryOptions({
  queryKey: ['models', 'all'],
  queryFn: ({ signal }) =>
    everyPage((cursor) =>
      read(
        api.GET('/api/v1/models', {
          params: { query: { limit: 200, ...(cursor && { cursor }) } },
          signal,
        }),
      ),
    ),
  staleTime: 5 * 60_000,
});

const HOUR_MS = 3_600_000;

/** A key that dies by itself; its secret stays with the caller alone. */
export function useMakeHourKey(org: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (project: string) =>
      read(
        api.POST('/api/v1/organisations/{org}/projects/{project}/api-keys', {
          params: { path: { org, project }, ...CSRF },
          body: { name: 'playground', expires_at: new Date(Date.now() + HOUR_MS).toISOString() },
        }),
      ),
    onSuccess: (_, project) =>
      client.invalidateQueries({ queryKey: ['org', org, 'api-keys', project] }),
    gcTime: 0,
  });
}
