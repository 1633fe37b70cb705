// Changes of provider keys.
import { api, CSRF, ifMatch, type NewProviderKey, type ProviderKey, read } from './client';
import { providerKeysQuery, useChangeOf } from './queries';

const keysKey = (org: string) => providerKeysQuery(org).queryKey;

export const useAddProviderKey = (org: string) =>
  useChangeOf(keysKey(org), (body: NewProviderKey) =>
    read(
      api.POST('/api/v1/organisations/{org}/provider-keys', {
        params: { path: { org }, ...CSRF },
        body,
      }),
    ),
  );

type Which = Pick<ProviderKey, 'id' | 'etag'>;
type Change = Partial<Pick<ProviderKey, 'label' | 'models' | 'options'>> & { disabled?: boolean };

export const useChangeProviderKey = (org: string) =>
  useChangeOf(keysKey(org), ({ id, etag, ...body }: Which & Change) =>
    read(
      api.PATCH('/api/v1/organisations/{org}/provider-keys/{id}', {
        params: { path: { org, id }, ...ifMatch(etag) },
        body,
      }),
    ),
  );

export const useDeleteProviderKey = (org: string) =>
  useChangeOf(keysKey(org), ({ id, etag }: Which) =>
    read(
      api.DELETE('/api/v1/organisations/{org}/provider-keys/{id}', {
        params: { path: { org, id }, ...ifMatch(etag) },
      }),
    ),
  );

export const useOrderProviderKeys = (org: string) =>
  useChangeOf(keysKey(org), (body: { provider: string; ids: string[] }) =>
    read(
      api.POST('/api/v1/organisations/{org}/provider-keys/order', {
        params: { path: { org }, ...CSRF },
        body,
      }),
    ),
  );
