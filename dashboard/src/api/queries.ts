// Every question the dashboard asks, as query options: one place for keys, paging and freshness.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { organisationInSight } from '@/lib/organisationInSight';
import { bounds, type RangeSearch, usageStep } from '@/lib/range';
import { useChange } from './change';
import { type ApiKey, api, CSRF, ifMatch, type Outcome, read, setCsrfToken } from './client';
import type { Restrictions } from './keyRestrictions';

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async () => {
    const organisation = organisationInSight();
    const query = organisation ? { organisation } : {};
    const session = await read(api.GET('/api/v1/session', { params: { query } }));
    setCsrfToken(session.csrf_token);
    return session;
  },
  staleTime: 5 * 60_000,
});

/** Of all the person's, those whose name has `q` in it. */
export const ownOrganisationsQuery = (q: string) =>
  queryOptions({
    queryKey: ['account', 'organisations', q],
    queryFn: ({ signal }) =>
      read(
        api.GET('/api/v1/account/organisations', {
          params: { query: { limit: 20, ...(q && { q }) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });

/** What this instance offers to who is not signed in. */
export const instanceQuery = queryOptions({
  queryKey: ['instance'],
  queryFn: () => read(api.GET('/api/v1/instance')),
  staleTime: Number.POSITIVE_INFINITY,
});

// ---------------------------------------------------------------- account

export const accountQuery = queryOptions({
  queryKey: ['account'],
  queryFn: ({ signal }) => read(api.GET('/api/v1/account', { signal })),
});

/** What stands in the way of deleting it: asked anew each time. */
export const accountDeletionQuery = queryOptions({
  queryKey: ['account', 'deletion'],
  queryFn: ({ signal }) => read(api.GET('/api/v1/account/deletion', { signal })),
  staleTime: 0,
  gcTime: 0,
});

export const sessionsQuery = queryOptions({
  queryKey: ['account', 'sessions'],
  queryFn: ({ signal }) => read(api.GET('/api/v1/account/sessions', { signal })),
});

// ---------------------------------------------------------------- API keys

export type ApiKeyStatus = 'active' | 'revoked' | 'all';

export const apiKeysQuery = (org: string, project: string, status: ApiKeyStatus) =>
  infiniteQueryOptions({
    queryKey: ['org', org, 'api-keys', project, status],
    queryFn: ({ pageParam, signal }) =>
      read(
        api.GET('/api/v1/organisations/{org}/projects/{project}/api-keys', {
          params: {
            path: { org, project },
            query: { status, limit: 200, ...(pageParam && { cursor: pageParam }) },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor,
  });

export const useCreateApiKey = (org: string, project: string) =>
  useChange(org, (body: { name: string; expires_at?: string | null } & Partial<Restrictions>) =>
    read(
      api.POST('/api/v1/organisations/{org}/projects/{project}/api-keys', {
        params: { path: { org, project }, ...CSRF },
        body,
      }),
    ),
  );

/** Without its etag whatever it is by now. */
export const useRevokeApiKey = (org: string, project: string) =>
  useChange(org, ({ id, etag }: { id: string; etag?: string }) =>
    read(
      api.DELETE('/api/v1/organisations/{org}/projects/{project}/api-keys/{id}', {
        params: { path: { org, project, id }, ...(etag ? ifMatch(etag) : CSRF) },
      }),
    ),
  );

type ApiKeyChange = Pick<ApiKey, 'id' | 'etag'> & {
  name?: string;
  disabled?: boolean;
  expires_at?: string | null;
} & Partial<Restrictions>;

export const useChangeApiKey = (org: string, project: string) =>
  useChange(org, ({ id, etag, ...body }: ApiKeyChange) =>
    read(
      api.PATCH('/api/v1/organisations/{org}/projects/{project}/api-keys/{id}', {
        params: { path: { org, project, id }, ...ifMatch(etag) },
        body,
      }),
    ),
  );

export const useRotateApiKey = (org: string, project: string) =>
  useChange(org, ({ id, etag, hours }: Pick<ApiKey, 'id' | 'etag'> & { hours: number }) =>
    read(
      api.POST('/api/v1/organisations/{org}/projects/{project}/api-keys/{id}/rotate', {
        params: { path: { org, project, id }, ...ifMatch(etag) },
        body: { grace_hours: hours },
      }),
    ),
  );

type Page<T> = { items: T[]; next_cursor: string | null };

// For lists that are short by nature: all pages at once, in order.
export async function everyPage<T>(page: (cursor: string) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor = '';
  do {
    const answer = await page(cursor);
    items.push(...answer.items);
    cursor = answer.next_cursor ?? '';
  } while (cursor);
  return items;
}

export const signingKeysQuery = (org: string, project: string, apiKey: string) =>
  queryOptions({
    queryKey: ['org', org, 'signing-keys', project, apiKey],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        read(
          api.GET('/api/v1/organisations/{org}/projects/{project}/signing-keys', {
            params: {
              path: { org, project },
              query: { api_key: apiKey, limit: 200, ...(cursor && { cursor }) },
            },
            signal,
          }),
        ),
      ),
  });

export const useCreateSigningKey = (org: string, project: string) =>
  useChange(org, (apiKey: string) =>
    read(
      api.POST('/api/v1/organisations/{org}/projects/{project}/signing-keys', {
        params: { path: { org, project }, ...CSRF },
        body: { api_key_id: apiKey },
      }),
    ),
  );

export const useRevokeSigningKey = (org: string, project: string) =>
  useChange(org, (id: string) =>
    read(
      api.DELETE('/api/v1/organisations/{org}/projects/{project}/signing-keys/{id}', {
        params: { path: { org, project, id }, ...CSRF },
      }),
    ),
  );

// ---------------------------------------------------------------- providers and their keys

export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: ({ signal }) =>
    everyPage((cursor) =>
      read(
        api.GET('/api/v1/providers', {
          params: { query: { limit: 200, ...(cursor && { cursor }) } },
          signal,
        }),
      ),
    ),
  staleTime: 5 * 60_000,
});

export const providerKeysQuery = (org: string) =>
  queryOptions({
    queryKey: ['org', org, 'provider-keys'],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        read(
          api.GET('/api/v1/organisations/{org}/provider-keys', {
            params: { path: { org }, query: { limit: 200, ...(cursor && { cursor }) } },
            signal,
          }),
        ),
      ),
  });

/** All of the catalogue. */
export const modelsQuery = queryOptions({
  queryKey: ['models'],
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

export const modelsOfProviderQuery = (provider: string) =>
  queryOptions({
    queryKey: ['models', provider],
    queryFn: ({ signal }) =>
      read(api.GET('/api/v1/models', { params: { query: { provider, limit: 200 } }, signal })),
    staleTime: 5 * 60_000,
  });

// ---------------------------------------------------------------- activity

export type RequestFilters = RangeSearch & {
  project?: string;
  /** A class of statuses, or an outcome. */
  status?: RequestStatus | Outcome;
  model?: string;
  provider?: string;
  key?: string;
  streamed?: 'true' | 'false';
  /** Least cost in US dollars, and least duration in milliseconds. */
  cost?: string;
  ms?: string;
  q?: string;
  /** What `q` is; without it a request's id or the beginning of one. */
  by?: 'client' | 'user';
};
export const REQUEST_STATUSES = ['ok', 'error', '2xx', '4xx', '5xx'] as const;
type RequestStatus = (typeof REQUEST_STATUSES)[number];

/** What limits the log besides time and search: also for its live rows. */
export function filterParameters(filters: RequestFilters) {
  const { project, status, model, provider, key, streamed, cost, ms } = filters;
  const known = REQUEST_STATUSES.find((word) => word === status);
  return {
    ...(project && { project }),
    ...(known ? { status: known } : status && { outcome: status as Outcome }),
    ...(model && { model }),
    ...(provider && { provider }),
    ...(key && { api_key: key }),
    ...(streamed && { streamed }),
    ...(cost && { min_cost: cost }),
    ...(ms && { min_duration_ms: Number(ms) }),
  };
}

export function requestParameters(filters: RequestFilters) {
  const { q, by } = filters;
  const found =
    by === 'client' ? { client_request_id: q } : by === 'user' ? { end_user: q } : { q };
  return {
    ...filterParameters(filters),
    // An id is looked for at any time.
    ...(q && by !== 'user' ? {} : bounds(filters)),
    ...(q && found),
  };
}

export const REQUEST_PAGE = 100;

function fetchRequests(org: string, filters: RequestFilters, cursor: string, signal: AbortSignal) {
  return read(
    api.GET('/api/v1/organisations/{org}/requests', {
      params: {
        path: { org },
        query: { ...requestParameters(filters), ...(cursor && { cursor }), limit: REQUEST_PAGE },
      },
      signal,
    }),
  );
}

export const requestsKey = (org: string, filters: RequestFilters) =>
  ['org', org, 'requests', filters] as const;

export const requestsQuery = (org: string, filters: RequestFilters) =>
  infiniteQueryOptions({
    queryKey: requestsKey(org, filters),
    queryFn: ({ pageParam, signal }) => fetchRequests(org, filters, pageParam, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor,
    // Pages never shift, and what is new comes by newestQuery.
    staleTime: 30_000,
    refetchOnWindowFocus: false,
  });

export const newestQuery = (org: string, filters: RequestFilters) =>
  queryOptions({
    queryKey: [...requestsKey(org, filters), 'newest'],
    queryFn: ({ signal }) => fetchRequests(org, filters, '', signal),
    gcTime: 0,
    staleTime: 0,
  });

/** The newest request ever, of a project or of one key: has anything arrived? */
export const firstRequestQuery = (org: string, project?: string, key?: string) =>
  queryOptions({
    queryKey: ['org', org, 'first-request', project ?? '', key ?? ''],
    queryFn: async ({ signal }) => {
      const page = await read(
        api.GET('/api/v1/organisations/{org}/requests', {
          params: {
            path: { org },
            query: { limit: 1, ...(project && { project }), ...(key && { api_key: key }) },
          },
          signal,
        }),
      );
      return page.items[0] ?? null;
    },
  });

export const findRequestsQuery = (org: string, q: string) =>
  queryOptions({
    queryKey: ['org', org, 'find', q],
    queryFn: ({ signal }) =>
      read(
        api.GET('/api/v1/organisations/{org}/requests', {
          params: { path: { org }, query: { q, limit: 5 } },
          signal,
        }),
      ),
  });

export const requestQuery = (org: string, id: string) =>
  queryOptions({
    queryKey: ['org', org, 'request', id],
    queryFn: ({ signal }) =>
      read(
        api.GET('/api/v1/organisations/{org}/requests/{id}', {
          params: { path: { org, id } },
          signal,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });

// A browser that does not know its zone says Etc/Unknown, which is none.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const timeZone = zone && zone !== 'Etc/Unknown' ? zone : 'UTC';

type GroupBy = 'none' | 'model' | 'provider' | 'api_key';

export const usageQuery = (
  org: string,
  filters: RangeSearch & { project?: string },
  groupBy: GroupBy = 'none',
) =>
  queryOptions({
    queryKey: ['org', org, 'usage', groupBy, filters],
    queryFn: ({ signal }) => {
      const times = bounds(filters);
      const step = usageStep(times);
      return read(
        api.GET('/api/v1/organisations/{org}/usage', {
          params: {
            path: { org },
            query: {
              ...times,
              ...(step && { step }),
              tz: timeZone,
              group_by: groupBy,
              ...(groupBy !== 'none' && { limit: 50 }),
              ...(filters.project && { project: filters.project }),
            },
          },
          signal,
        }),
      );
    },
    placeholderData: keepPreviousData,
  });
