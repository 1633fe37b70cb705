// Providers of an organisation's own, and what the catalogue is together with them.
import { queryOptions, useMutation, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Model } from './analytics';
import { useChange } from './change';
import { api, CSRF, type Provider, read } from './client';
import { everyPage, modelsQuery, providersQuery } from './queries';
import type { components } from './schema';

type Schemas = components['schemas'];
export type CustomProvider = Schemas['CustomProvider'];
export type CustomModel = Schemas['CustomModel'];
export type NewCustomProvider = Schemas['NewCustomProvider'];
export type NewCustomModel = Schemas['NewCustomModel'];
export type CustomProviderPatch = Schemas['CustomProviderPatch'];
export type Capability = Schemas['CustomCapability'];
export type Protocol = Schemas['CustomProtocol'];

export const customProvidersQuery = (org: string) =>
  queryOptions({
    queryKey: ['org', org, 'custom-providers'],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        read(
          api.GET('/api/v1/organisations/{org}/custom-providers', {
            params: { path: { org }, query: { limit: 200, ...(cursor && { cursor }) } },
            signal,
          }),
        ),
      ),
  });

export const customImpactQuery = (org: string, id: string) =>
  queryOptions({
    queryKey: ['org', org, 'custom-provider-impact', id],
    queryFn: ({ signal }) =>
      read(
        api.GET('/api/v1/organisations/{org}/custom-providers/{id}/impact', {
          params: { path: { org, id } },
          signal,
        }),
      ),
    staleTime: 0,
  });

export const useAddCustomProvider = (org: string) =>
  useChange(org, (body: NewCustomProvider) =>
    read(
      api.POST('/api/v1/organisations/{org}/custom-providers', {
        params: { path: { org }, ...CSRF },
        body,
      }),
    ),
  );

const changeOf = (org: string, { id, etag }: CustomProvider) => ({
  path: { org, id },
  header: { ...CSRF.header, 'If-Match': `"${etag}"` },
});

export const useEditCustomProvider = (org: string) =>
  useChange(org, ({ provider, body }: { provider: CustomProvider; body: CustomProviderPatch }) =>
    read(
      api.PATCH('/api/v1/organisations/{org}/custom-providers/{id}', {
        params: changeOf(org, provider),
        body,
      }),
    ),
  );

export const useDeleteCustomProvider = (org: string) =>
  useChange(org, (provider: CustomProvider) =>
    read(
      api.DELETE('/api/v1/organisations/{org}/custom-providers/{id}', {
        params: changeOf(org, provider),
      }),
    ),
  );

export const useDiscoverModels = (org: string) =>
  useMutation({
    mutationFn: (body: Schemas['CustomQuestion']) =>
      read(
        api.POST('/api/v1/organisations/{org}/custom-providers/discover', {
          params: { path: { org }, ...CSRF },
          body,
        }),
      ),
    gcTime: 0,
  });

/** A model of the organisation's own has its provider in its id already. */
export type KnownModel = Model & { own?: true };

const perToken = (million: string) => (Number(million) / 1e6).toFixed(12);

/** As the catalogue shows one. */
const asCatalogue = ({ slug, created_at, models }: CustomProvider): KnownModel[] =>
  models.map((model) => ({
    own: true,
    id: `${slug}/${model.id}`,
    name: model.name,
    family: '',
    released_at: created_at.slice(0, 10),
    offers: [
      {
        provider: slug,
        provider_model: model.upstream_id,
        region: null,
        context: model.context,
        max_output: model.max_output,
        capabilities: model.capabilities,
        price: {
          input: perToken(model.price_per_million.input),
          output: perToken(model.price_per_million.output),
          ...(model.price_per_million.cached_input !== null && {
            cached_input: perToken(model.price_per_million.cached_input),
          }),
        },
        usable: true,
      },
    ],
  }));

/** The organisation's own models, then the catalogue's. */
export function useKnownModels(org: string) {
  const catalogue = useQuery(modelsQuery);
  const own = useQuery(customProvidersQuery(org));
  const data = useMemo(
    (): KnownModel[] | undefined =>
      catalogue.data && [...(own.data ?? []).flatMap(asCatalogue), ...catalogue.data],
    [catalogue.data, own.data],
  );
  return { ...catalogue, isPending: catalogue.isPending || own.isPending, data };
}

/** One of an organisation's own has an address of its own already. */
export type KnownProvider = Provider & { own?: true };

/** The organisation's own providers, then the catalogue's. */
export function useKnownProviders(org: string) {
  const catalogue = useQuery(providersQuery);
  const own = useQuery(customProvidersQuery(org));
  const data = useMemo(
    (): KnownProvider[] | undefined =>
      catalogue.data && [
        ...(own.data ?? []).map(({ slug, name, protocol, models }) => ({
          own: true as const,
          id: slug,
          name,
          website: '',
          dialect: protocol,
          usable: true,
          options_needed: [],
          models: models.length,
        })),
        ...catalogue.data,
      ],
    [catalogue.data, own.data],
  );
  return { ...catalogue, isPending: catalogue.isPending || own.isPending, data };
}

/** Own servers that are called without a key. */
export function useKeyless(org: string): string[] {
  const own = useQuery(customProvidersQuery(org));
  return useMemo(
    () => (own.data ?? []).filter(({ provider_keys: n }) => n === 0).map(({ slug }) => slug),
    [own.data],
  );
}
