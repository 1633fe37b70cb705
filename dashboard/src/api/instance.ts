// What who operates the instance asks and changes: catalogue, feed, organisations, settings.
import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query';
import { isOutdated } from './change';
import { api, CSRF, read } from './client';
import { instanceQuery, modelsQuery, providersQuery, sessionQuery } from './queries';
import type { components } from './schema';

type Schemas = components['schemas'];
export type InstanceOffer = Schemas['InstanceOffer'];
export type OfferPatch = Schemas['InstanceOfferPatch'];
export type CatalogueVersion = Schemas['CatalogueVersion'];
export type CatalogueChange = Schemas['CatalogueChange'];
export type CatalogueFeed = Schemas['CatalogueFeed'];
export type FeedPatch = Schemas['CatalogueFeedPatch'];
export type InstanceOrganisation = Schemas['InstanceOrganisation'];
export type InstanceSettings = Schemas['InstanceSettings'];
export type SettingsPatch = Schemas['InstanceSettingsPatch'];
export type InstanceState = Schemas['InstanceState'];

const KEY = ['operator'];
const match = (etag: string | undefined) => ({
  header: { ...CSRF.header, ...(etag && { 'If-Match': etag }) },
});
const paging = { initialPageParam: '', getNextPageParam: next } as const;
function next(last: { next_cursor: string | null }) {
  return last.next_cursor;
}

/** What everybody is told of the instance and its catalogue. */
const PUBLIC = [instanceQuery, modelsQuery, providersQuery].map(({ queryKey }) => queryKey);

/**
 * A change after which all that the operator and everybody sees of it is asked for again: also when
 * it was refused because somebody else's came first.
 */
function useChange<In, Out>(run: (input: In) => Promise<Out>, session = false) {
  const client = useQueryClient();
  const readAgain = () =>
    Promise.all([
      ...[KEY, ...PUBLIC].map((queryKey) => client.invalidateQueries({ queryKey })),
      session && client.invalidateQueries({ queryKey: sessionQuery.queryKey }),
    ]);
  return useMutation({
    mutationFn: run,
    onSuccess: readAgain,
    onError: (error) => (isOutdated(error) ? readAgain() : undefined),
  });
}

// ---------------------------------------------------------------- catalogue

export type OnlyOffers = 'all' | 'overridden' | 'off';

export const offersQuery = (q: string, provider: string, only: OnlyOffers) =>
  infiniteQueryOptions({
    queryKey: [...KEY, 'offers', q, provider, only],
    queryFn: ({ pageParam, signal }) =>
      read(
        api.GET('/api/v1/instance/offers', {
          params: {
            query: {
              only,
              limit: 100,
              ...(q && { q }),
              ...(provider && { provider }),
              ...(pageParam && { cursor: pageParam }),
            },
          },
          signal,
        }),
      ),
    ...paging,
    placeholderData: keepPreviousData,
  });

export const useOverride = () =>
  useChange(({ offer, body }: { offer: InstanceOffer; body: OfferPatch }) =>
    read(
      api.PATCH('/api/v1/instance/offers/{id}', {
        params: { path: { id: offer.id }, ...match(offer.etag) },
        body,
      }),
    ),
  );

export const useSwitchModel = () =>
  useChange(({ id, enabled }: { id: string; enabled: boolean }) =>
    read(
      api.PATCH('/api/v1/instance/models/{id}', {
        params: { path: { id }, ...CSRF },
        body: { enabled },
      }),
    ),
  );

export const versionsQuery = infiniteQueryOptions({
  queryKey: [...KEY, 'versions'],
  queryFn: ({ pageParam, signal }) =>
    read(
      api.GET('/api/v1/instance/catalogue-versions', {
        params: { query: { limit: 50, ...(pageParam && { cursor: pageParam }) } },
        signal,
      }),
    ),
  ...paging,
});

export const useGiveFile = () =>
  useChange((body: Schemas['NewCatalogueVersion']) =>
    read(api.POST('/api/v1/instance/catalogue-versions', { params: CSRF, body })),
  );

export const useLookAnew = () =>
  useChange((id: string) =>
    read(
      api.POST('/api/v1/instance/catalogue-versions/{id}/preview', {
        params: { path: { id }, ...CSRF },
      }),
    ),
  );

export const useApplyVersion = () =>
  useChange((id: string) =>
    read(
      api.POST('/api/v1/instance/catalogue-versions/{id}/apply', {
        params: { path: { id }, ...CSRF },
      }),
    ),
  );

export const isFetching = ({ last_fetch: { next_at } }: CatalogueFeed) =>
  next_at !== null && new Date(next_at).getTime() <= Date.now();

export const feedQuery = queryOptions({
  queryKey: [...KEY, 'feed'],
  queryFn: ({ signal }) => read(api.GET('/api/v1/instance/feed', { signal })),
  refetchInterval: ({ state }) => (state.data && isFetching(state.data) ? 1000 : 30_000),
});

export const useChangeFeed = () =>
  useChange(({ etag, body }: { etag: string | undefined; body: FeedPatch }) =>
    read(api.PATCH('/api/v1/instance/feed', { params: match(etag), body })),
  );

export const useFetchFeed = () =>
  useChange(() => read(api.POST('/api/v1/instance/feed/fetch', { params: CSRF })));

// ---------------------------------------------------------------- organisations

export type OrganisationState = 'active' | 'suspended' | 'archived' | 'all';

export const organisationsQuery = (q: string, state: OrganisationState) =>
  infiniteQueryOptions({
    queryKey: [...KEY, 'organisations', q, state],
    queryFn: ({ pageParam, signal }) =>
      read(
        api.GET('/api/v1/instance/organisations', {
          params: {
            query: { state, limit: 100, ...(q && { q }), ...(pageParam && { cursor: pageParam }) },
          },
          signal,
        }),
      ),
    ...paging,
    placeholderData: keepPreviousData,
  });

export const useSuspend = () =>
  useChange(
    ({ id, reason }: { id: string; reason: string }) =>
      read(
        api.POST('/api/v1/instance/organisations/{id}/suspend', {
          params: { path: { id }, ...CSRF },
          body: { reason },
        }),
      ),
    true,
  );

export const useResume = () =>
  useChange(
    (id: string) =>
      read(
        api.POST('/api/v1/instance/organisations/{id}/resume', {
          params: { path: { id }, ...CSRF },
        }),
      ),
    true,
  );

export const useLend = () =>
  useChange(
    ({ id, lend }: { id: string; lend: boolean }) =>
      read(
        lend
          ? api.POST('/api/v1/instance/organisations/{id}/lend', {
              params: { path: { id }, ...CSRF },
            })
          : api.POST('/api/v1/instance/organisations/{id}/withdraw', {
              params: { path: { id }, ...CSRF },
            }),
      ),
    true,
  );

// ---------------------------------------------------------------- settings

export const settingsQuery = queryOptions({
  queryKey: [...KEY, 'settings'],
  queryFn: ({ signal }) => read(api.GET('/api/v1/instance/settings', { signal })),
});

export const useChangeSettings = () =>
  useChange(
    ({ etag, body }: { etag: string; body: SettingsPatch }) =>
      read(api.PATCH('/api/v1/instance/settings', { params: match(etag), body })),
    true,
  );

export const stateQuery = queryOptions({
  queryKey: [...KEY, 'state'],
  queryFn: ({ signal }) => read(api.GET('/api/v1/instance/state', { signal })),
  refetchInterval: 30_000,
});
