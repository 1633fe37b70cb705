// The request list: older pages by cursor as they are scrolled to, new rows as they come while the
// person looks at the top.
import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { Request, RequestList } from '@/api/client';
import { newestQuery, type RequestFilters, requestsKey, requestsQuery } from '@/api/queries';
import { add, merge, type Pages } from './merge';
import { useLive } from './useLive';

const NONE: ReadonlySet<string> = new Set();
const LOST = new Error('new requests do not come in at the moment. Trying again.');

export type ActivityList = {
  /** Undefined until there is a row, or none to be found. */
  rows: Request[] | undefined;
  /** Ids that came last while the page was open. */
  fresh: ReadonlySet<string>;
  error: Error | null;
  hasMore: boolean;
  more: (() => void) | undefined;
  retry: () => void;
};

export function useActivity(org: string, filters: RequestFilters, live: boolean): ActivityList {
  const client = useQueryClient();
  const pages = useInfiniteQuery(requestsQuery(org, filters));
  const [fresh, setFresh] = useState(NONE);

  // Null: the list has to be read anew.
  const put = (change: (old: Pages) => ReturnType<typeof merge> | null): boolean => {
    const key = requestsKey(org, filters);
    const old = client.getQueryData<InfiniteData<RequestList, string>>(key);
    const merged = old && change(old);
    if (merged && merged.pages !== old) {
      client.setQueryData(key, merged.pages);
      setFresh(merged.fresh);
    }
    return merged !== null;
  };
  const readNewest = () =>
    void client.fetchQuery({ ...newestQuery(org, filters), retry: false }).then(
      (newest) => put((old) => merge(old, newest)),
      () => {}, // said by the stream's own state, and by the login if that is why
    );
  const lost = useLive(org, filters, live && pages.isSuccess, {
    onRows: (rows) => put((old) => add(old, rows)) || readNewest(),
    onReload: readNewest,
  });

  const found = useMemo(() => pages.data?.pages.flatMap((page) => page.items), [pages.data]);
  const { fetchNextPage, hasNextPage, isFetchingNextPage, refetch } = pages;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  // What fits seldom is looked for a stretch at a time: a page may be empty and not the last.
  const looking = found?.length === 0 && hasNextPage;
  const lookOn = looking && !isFetchingNextPage && !pages.isError;
  useEffect(() => {
    if (lookOn) more();
  }, [lookOn, more]);
  return {
    rows: looking && !pages.isError ? undefined : found,
    fresh,
    error: pages.error ?? (live && lost ? LOST : null),
    hasMore: hasNextPage,
    more: hasNextPage && !isFetchingNextPage && !pages.isError ? more : undefined,
    retry: () => void refetch(),
  };
}
