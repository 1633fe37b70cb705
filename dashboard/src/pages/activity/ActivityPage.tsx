import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { firstRequestQuery, type RequestFilters } from '@/api/queries';
import { Page } from '@/frame/Page';
import { RangePicker } from '@/frame/RangePicker';
import { ScopePicker } from '@/frame/ScopePicker';
import { useScope } from '@/frame/scope';
import { ViewsMenu } from '@/frame/ViewsMenu';
import { isCustom, type RangeSearch, rangeLabel, rangeWords } from '@/lib/range';
import type { ActivitySearch } from '@/router';
import { Button } from '@/ui/Button';
import { DataTable } from '@/ui/DataTable';
import { Empty, Failed } from '@/ui/Notice';
import css from './ActivityPage.module.css';
import { RequestCard, requestColumns } from './columns';
import { Filters, isFiltered, NO_FILTERS } from './Filters';
import { type LiveState, LiveSwitch } from './LiveSwitch';
import { UsageStrip } from './UsageStrip';
import { useActivity } from './useActivity';
import { useInView } from './useInView';

// What the first look at the list does not need comes when it is asked for.
const Drawer = lazy(() => import('./Drawer'));
const FirstRun = lazy(() => import('./FirstRun'));

export default function ActivityPage() {
  const search = useSearch({ from: '/signed-in/o/$org/activity' });
  const navigate = useNavigate({ from: '/o/$org/activity' });
  const change = useCallback(
    (part: Partial<ActivitySearch>, replace = false) =>
      void navigate({ search: (old) => ({ ...old, ...part }), replace, resetScroll: false }),
    [navigate],
  );
  const setRange = useCallback(
    ({ range, from, to }: RangeSearch) => change({ range, from, to }),
    [change],
  );
  const [seesNewest, sentinel] = useInView();
  const live: LiveState =
    isCustom(search) || search.q
      ? 'fixed'
      : search.live === 'off'
        ? 'paused'
        : seesNewest
          ? 'live'
          : 'scrolled';

  return (
    <Page
      title="Activity"
      tools={
        <>
          <LiveSwitch
            state={live}
            onPause={() => change({ live: 'off' }, true)}
            onResume={() => {
              window.scrollTo({ top: 0 });
              change({ live: undefined }, true);
            }}
          />
          <RangePicker value={search} onChange={setRange} />
          <ScopePicker all />
          <ViewsMenu page="activity" />
        </>
      }
    >
      <Content
        search={search}
        live={live === 'live'}
        sentinel={sentinel}
        change={change}
        setRange={setRange}
      />
    </Page>
  );
}

type ContentProps = {
  search: ActivitySearch;
  live: boolean;
  sentinel: (element: HTMLElement | null) => void;
  change: (part: Partial<ActivitySearch>, replace?: boolean) => void;
  setRange: (range: RangeSearch) => void;
};

function Content({ search, live, sentinel, change, setRange }: ContentProps) {
  const { org, project } = useScope();
  const { range, from, to, status, model, provider, key, streamed, cost, ms, q, by } = search;
  const projectId = project?.id;
  const filters = useMemo<RequestFilters>(
    () => ({
      range,
      from,
      to,
      project: projectId,
      status,
      model,
      provider,
      key,
      streamed,
      cost,
      ms,
      q,
      by,
    }),
    [range, from, to, projectId, status, model, provider, key, streamed, cost, ms, q, by],
  );
  const filtered = isFiltered(search);
  const activity = useActivity(org.id, filters, live);
  const { rows } = activity;
  const firstRun = useFirstRun(rows?.length === 0 && !filtered, search.request);
  const columns = useMemo(
    () => requestColumns((request) => ({ ...search, project: projectId, request })),
    [search, projectId],
  );

  if (firstRun.shown) {
    return (
      <Suspense>
        <FirstRun onDone={firstRun.leave} />
      </Suspense>
    );
  }
  return (
    <>
      <UsageStrip
        range={search}
        project={projectId}
        live={live}
        filtered={filtered}
        onRange={setRange}
      />
      <Filters search={search} filters={filters} change={change} />
      <div ref={sentinel} />
      {activity.error && !rows ? (
        <Failed error={activity.error} retry={activity.retry} />
      ) : rows?.length === 0 ? (
        <Nothing search={search} filtered={filtered} change={change} setRange={setRange} />
      ) : (
        <DataTable
          label="Requests"
          columns={columns}
          rows={rows}
          rowKey={(request) => request.id}
          card={(request) => (
            <RequestCard
              request={request}
              search={{ ...search, project: projectId, request: request.id }}
            />
          )}
          cardHeight={78}
          current={search.request}
          fresh={activity.fresh}
          onEnd={activity.more}
        />
      )}
      {rows && rows.length > 0 && (
        <p className={css.foot} role="status">
          {activity.error
            ? `Not up to date: ${activity.error.message}`
            : activity.hasMore
              ? 'Loading older requests…'
              : `All of ${rangeWords(search)}.`}
        </p>
      )}
      <Suspense>
        {search.request && (
          <Drawer
            id={search.request}
            rows={rows}
            onMove={(request) => change({ request }, true)}
            onClose={() => change({ request: undefined })}
          />
        )}
      </Suspense>
    </>
  );
}

// Shown while nothing ever arrived, and on until the person leaves: the light has to turn green.
function useFirstRun(nothingHere: boolean, open: string | undefined) {
  const { org, project } = useScope();
  const [shown, setShown] = useState(false);
  const first = useQuery({ ...firstRequestQuery(org.id, project?.id), enabled: nothingHere });
  const never = nothingHere && first.data === null;
  useEffect(() => {
    if (never) setShown(true);
    if (open) setShown(false);
  }, [never, open]);
  const leave = useRef(() => setShown(false)).current;
  return { shown: (shown || never) && !open, leave };
}

const WHAT = { id: 'id begins with', client: 'client called it', user: 'end user is' };

function Nothing({
  search,
  filtered,
  change,
  setRange,
}: Pick<ContentProps, 'search' | 'change' | 'setRange'> & { filtered: boolean }) {
  const clear = () => change(NO_FILTERS);
  const longest = search.range === '30d';
  return (
    <div className={css.nothing}>
      <Empty
        title={filtered ? 'No request fits these filters' : 'No request in this range'}
        action={
          filtered ? (
            <Button onClick={clear}>Clear the filters</Button>
          ) : (
            !longest && (
              <Button onClick={() => setRange({ range: '30d' })}>Show the last 30 days</Button>
            )
          )
        }
      >
        {search.q
          ? `No request's ${WHAT[search.by ?? 'id']} ${search.q}.`
          : `${rangeLabel(search)}: nothing ${filtered ? 'like this ' : ''}came through the gateway.`}
      </Empty>
    </div>
  );
}
