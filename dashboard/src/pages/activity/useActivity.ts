// The request list: older pages by cursor as they are scrolled to, new rows by asking for the
// newest page every two seconds while the person looks at the top.
import {
  type InfiniteData,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { Request } from '@/api/client';
import { newestQuery, type RequestFilters, requestsKey, requestsQuery } from '@/api/queries';
import { merge, type Pages } from './merge';

const POLL_MS = 2000;
const NONE: ReadonlySet<string> = new Set();

export type ActivityList = {
  rows: Request[] | undefined;
  /** Ids that came by the last poll. */
  fresh: ReadonlySet<string>;
  error: Error | null;
  hasMore: boolean;
  more: (() => void) | undefined;
  retry: () => void;
};

export function useActivity(org: string, filters: RequestFilters, live: boolean): ActivityList {
  const client = useQueryClient();
  const pages = useInfiniteQuery(requestsQuery(org, filters));
  const newest = useQuery({
    ...newestQuery(org, filters),
    enabled: live && pages.isSuccess,
    refetchInterval: POLL_MS,
    retry: false,
  });
  const [fresh, setFresh] = useState(NONE);

  useEffect(() => {
    if (!newest.data) return;
    const key = requestsKey(org, filters);
    const old = client.getQueryData<InfiniteData<Pages['pages'][number], string>>(key);
    if (!old) return;
    const merged = merge(old, newest.data);
    if (merged.pages === old) return;
    client.setQueryData(key, merged.pages);
    setFresh(merged.fresh);
  }, [client, org, filters, newest.data]);

  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.items), [pages.data]);
  const { fetchNextPage, hasNextPage, isFetchingNextPage, refetch } = pages;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  return {
    rows,
    fresh,
    error: pages.error ?? (live ? newest.error : null),
    hasMore: hasNextPage,
    more: hasNextPage && !isFetchingNextPage && !pages.isError ? more : undefined,
    retry: () => void refetch(),
  };
}
