// Changes of provider keys.
import { useChange } from './change';
import { api, CSRF, ifMatch, type NewProviderKey, type ProviderKey, read } from './client';

export const useAddProviderKey = (org: string) =>
  useChange(org, (body: NewProviderKey) =>
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
  useChange(org, ({ id, etag, ...body }: Which & Change) =>
    read(
      api.PATCH('/api/v1/organisations/{org}/provider-keys/{id}', {
        params: { path: { org, id }, ...ifMatch(etag) },
        body,
      }),
    ),
  );

export const useDeleteProviderKey = (org: string) =>
  useChange(org, ({ id, etag }: Which) =>
    read(
      api.DELETE('/api/v1/organisations/{org}/provider-keys/{id}', {
        params: { path: { org, id }, ...ifMatch(etag) },
      }),
    ),
  );

export const useOrderProviderKeys = (org: string) =>
  useChange(org, (body: { provider: string; ids: string[] }) =>
    read(
      api.POST('/api/v1/organisations/{org}/provider-keys/order', {
        params: { path: { org }, ...CSRF },
        body,
      }),
    ),
  );

/** Asks the provider whether it takes the secret in use. */
export const useCheckProviderKey = (org: string) =>
  useChange(org, ({ id }: Which) =>
    read(
      api.POST('/api/v1/organisations/{org}/provider-keys/{id}/check', {
        params: { path: { org, id }, ...CSRF },
      }),
    ),
  );

/** The new secret beside the one in use, checked. */
export const useStartRotation = (org: string) =>
  useChange(org, ({ id, etag, secret }: Which & { secret: string }) =>
    read(
      api.POST('/api/v1/organisations/{org}/provider-keys/{id}/rotation', {
        params: { path: { org, id }, ...ifMatch(etag) },
        body: { secret },
      }),
    ),
  );

/** `back` discards the new secret, or after the switch takes the old one into use again. */
export const useRotation = (org: string) =>
  useChange(org, ({ id, etag, step }: Which & { step: 'switch' | 'confirm' | 'back' }) => {
    const params = { path: { org, id }, ...ifMatch(etag) };
    switch (step) {
      case 'switch':
        return read(
          api.POST('/api/v1/organisations/{org}/provider-keys/{id}/rotation/switch', { params }),
        );
      case 'confirm':
        return read(
          api.POST('/api/v1/organisations/{org}/provider-keys/{id}/rotation/confirm', { params }),
        );
      case 'back':
        return read(
          api.DELETE('/api/v1/organisations/{org}/provider-keys/{id}/rotation', { params }),
        );
    }
  });
