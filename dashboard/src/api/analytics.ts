// Questions of the overview, the explorer and the models page: rollups only.
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { bounds, type RangeSearch } from '@/lib/range';
import { api, read } from './client';
import type { components } from './schema';

type Schemas = components['schemas'];
export type Analytics = Schemas['Analytics'];
export type AnalyticsGroup = Schemas['AnalyticsGroup'];
export type Values = Schemas['AnalyticsValues'];
export type Points = Schemas['AnalyticsPoints'];
export type Measure = keyof Points & keyof Values;
export type Failure = Schemas['Failure'];
export type Model = Schemas['Model'];

// A browser that does not know its zone says Etc/Unknown, which is none.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
export const TIME_ZONE = zone && zone !== 'Etc/Unknown' ? zone : 'UTC';

export type Question = RangeSearch & {
  project?: string | undefined;
  model?: string | undefined;
  provider?: string | undefined;
  api_key?: string | undefined;
  user?: string | undefined;
  tag?: string | undefined;
  end_user?: string | undefined;
  source?: string | undefined;
  measures: Measure[];
  group_by?: string | undefined;
  sort?: 'cost' | 'requests' | 'errors' | 'input_tokens' | 'output_tokens' | 'cached_tokens';
  limit?: number;
  compare?: boolean;
};

function words({ range, from, to, measures, compare, group_by, ...rest }: Question) {
  const given = Object.entries(rest).filter(([, value]) => value !== undefined);
  return {
    ...bounds({ ...(range && { range }), ...(from && to && { from, to }) }),
    tz: TIME_ZONE,
    measures: measures.join(','),
    ...(group_by && { group_by }),
    ...(compare && { compare: 'previous' as const }),
    ...Object.fromEntries(given),
  };
}

export const analyticsQuery = (org: string, question: Question) =>
  queryOptions({
    queryKey: ['org', org, 'analytics', question],
    queryFn: ({ signal }) =>
      read(
        api.GET('/api/v1/organisations/{org}/analytics', {
          params: { path: { org }, query: words(question) },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  });

/** Where the same as CSV is. */
export function csvAddress(org: string, question: Question): string {
  const query = new URLSearchParams(
    Object.entries(words(question)).map(([name, value]) => [name, String(value)]),
  );
  return `/api/v1/organisations/${org}/analytics/export?${query}`;
}

export const failuresQuery = (org: string, range: RangeSearch, project: string | undefined) =>
  queryOptions({
    queryKey: ['org', org, 'failures', range, project ?? ''],
    queryFn: ({ signal }) =>
      read(
        api.GET('/api/v1/organisations/{org}/failures', {
          params: {
            path: { org },
            query: { ...bounds(range), limit: 8, ...(project && { project }) },
          },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  });
