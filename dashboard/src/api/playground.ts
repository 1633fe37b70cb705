// What the playground asks control: a key for an hour.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, CSRF, read } from './client';

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
