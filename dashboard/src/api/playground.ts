// What the playground asks control: a key for an hour.
import { useChange } from './change';
import { api, CSRF, read } from './client';

const HOUR_MS = 3_600_000;

/** A key that dies by itself; its secret stays with the caller alone. */
export const useMakeHourKey = (org: string) =>
  useChange(org, (project: string) =>
    read(
      api.POST('/api/v1/organisations/{org}/projects/{project}/api-keys', {
        params: { path: { org, project }, ...CSRF },
        body: { name: 'playground', expires_at: new Date(Date.now() + HOUR_MS).toISOString() },
      }),
    ),
  );
