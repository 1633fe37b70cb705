import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useCallback, useMemo, useState } from 'react';
import type { Usage } from '@/api/client';
import { usageQuery } from '@/api/queries';
import { useScope } from '@/frame/scope';
import {
  count,
  countExact,
  duration,
  durationExact,
  money,
  moneyExact,
  NONE,
  share,
  tokens,
  unbroken,
  when,
} from '@/lib/format';
import { bounds, type RangeSearch } from '@/lib/range';
import { Skeleton } from '@/ui/Skeleton';
import { Value } from '@/ui/Value';
import css from './UsageStrip.module.css';

// Who has no request yet needs no charts.
const Spark = lazy(() => import('@/ui/Spark').then((m) => ({ default: m.Spark })));

const REFRESH_MS = 10_000;

/** Is it working, what does it cost: four figures of the range, from the rollups. */
export function UsageStrip({
  range: { range, from, to },
  project,
  live,
  filtered,
  onRange,
}: {
  range: RangeSearch;
  project: string | undefined;
  live: boolean;
  filtered: boolean;
  onRange: (range: RangeSearch) => void;
}) {
  const { org } = useScope();
  const usage = useQuery({
    ...usageQuery(org.id, { range, from, to, project }),
    refetchInterval: live ? REFRESH_MS : false,
  });
  const grain = usage.data && coarse(usage.data, { range, from, to });
  if (usage.isError && !usage.data) {
    return (
      <div className={css.failed} role="alert">
        Totals could not be loaded: {usage.error.message}{' '}
        <button type="button" onClick={() => void usage.refetch()}>
          Try again
        </button>
      </div>
    );
  }
  return (
    <section className={css.strip} aria-label="Usage in this range" aria-busy={!usage.data}>
      {usage.data ? <Tiles usage={usage.data} onRange={onRange} /> : <LoadingTiles />}
      {(filtered || grain) && (
        <p className={css.note}>
          {grain} {filtered && 'These totals are of all requests in the range, filters or not.'}
        </p>
      )}
    </section>
  );
}

// Totals come in whole steps: in a short range that is worth a word.
function coarse(usage: Usage, range: RangeSearch): string | undefined {
  const asked = bounds(range);
  const start = Date.parse(asked.from);
  const length = (asked.to ? Date.parse(asked.to) : Date.now()) - start;
  if (start - Date.parse(usage.from) <= length / 10) return undefined;
  return `Totals are kept by the half hour: these begin at ${when(usage.from)}.`;
}

function Tiles({ usage, onRange }: { usage: Usage; onRange: (range: RangeSearch) => void }) {
  const { totals } = usage;
  const points = useMemo(() => usage.series[0]?.points ?? [], [usage]);
  const lines = useMemo(
    () => ({
      times: points.map(({ t }) => Date.parse(t) / 1000),
      cost: points.map(({ cost }) => Number(cost)),
      requests: points.map(({ requests }) => requests),
      success: points.map(({ ok, requests }) => (requests ? (ok / requests) * 100 : null)),
    }),
    [points],
  );
  const [at, setAt] = useState<number | null>(null);
  const onBrush = useCallback(
    (start: number, end: number) =>
      onRange({
        from: new Date(Math.floor(start / 60) * 60_000).toISOString(),
        to: new Date(Math.ceil(end / 60) * 60_000).toISOString(),
      }),
    [onRange],
  );
  const spark = { times: lines.times, group: 'activity', onHover: setAt, onBrush };
  const drawn = totals.requests > 0;
  const point = at === null ? undefined : points[at];
  const hovered = point && <>since {when(point.t)}</>;

  return (
    <>
      <Tile
        name="Spend"
        value={
          point ? (
            money(point.cost)
          ) : (
            <Value short={money(totals.cost)} exact={moneyExact(totals.cost)} />
          )
        }
        under={
          hovered ??
          `${tokens(totals.input_tokens)} tokens in · ${unbroken(`${tokens(totals.output_tokens)} out`)}`
        }
      >
        {drawn && <Spark {...spark} values={lines.cost} label="Spend over time" />}
      </Tile>
      <Tile
        name="Requests"
        value={
          point ? (
            count(point.requests)
          ) : (
            <Value
              short={count(totals.requests)}
              exact={countExact(totals.requests, 'request')}
              copy={String(totals.requests)}
            />
          )
        }
        under={hovered ?? (totals.errors ? `${count(totals.errors)} failed` : 'none failed')}
      >
        {drawn && <Spark {...spark} values={lines.requests} label="Requests over time" />}
      </Tile>
      <Tile
        name="Success rate"
        value={
          point ? (
            share(point.ok, point.requests)
          ) : (
            <Value
              short={share(totals.ok, totals.requests)}
              exact={`${totals.ok} of ${totals.requests}`}
            />
          )
        }
        under={
          hovered ??
          (totals.input_tokens
            ? `${share(totals.cached_tokens, totals.input_tokens)} of input cached`
            : 'no tokens yet')
        }
      >
        {drawn && (
          <Spark {...spark} values={lines.success} from="least" label="Success rate over time" />
        )}
      </Tile>
      <Tile
        name="Latency p50 / p95"
        value={
          <>
            <Milliseconds ms={totals.p50_ms} />
            <span className={css.slash}>/</span>
            <Milliseconds ms={totals.p95_ms} />
          </>
        }
        under={
          totals.ttft_p50_ms === null || totals.ttft_p95_ms === null
            ? 'no answers yet'
            : `first byte ${duration(totals.ttft_p50_ms)} / ${duration(totals.ttft_p95_ms)}`
        }
      >
        <LatencyScale totals={totals} />
      </Tile>
    </>
  );
}

function Milliseconds({ ms }: { ms: number | null }) {
  if (ms === null) return NONE;
  return <Value short={duration(ms)} exact={durationExact(ms)} />;
}

/** First byte and whole answer, median and 95th percentile, on one scale. */
function LatencyScale({ totals }: { totals: Usage['totals'] }) {
  const { p50_ms, p95_ms, ttft_p50_ms, ttft_p95_ms } = totals;
  if (!p50_ms || !p95_ms) return null;
  const width = (ms: number | null) => ({ width: `${Math.min(((ms ?? 0) / p95_ms) * 100, 100)}%` });
  return (
    <div className={css.scale} aria-hidden="true">
      <div className={css.track}>
        <span className={css.wide} style={width(p95_ms)} />
        <span className={css.narrow} style={width(p50_ms)} />
      </div>
      <div className={css.track}>
        <span className={css.wide} style={width(ttft_p95_ms)} />
        <span className={css.narrow} style={width(ttft_p50_ms)} />
      </div>
    </div>
  );
}

function Tile({
  name,
  value,
  under,
  children,
}: {
  name: string;
  value: ReactNode;
  under: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className={css.tile}>
      <h2 className={css.name}>{name}</h2>
      <div className={css.value}>{value}</div>
      <div className={css.under}>{under}</div>
      <div className={css.chart}>
        <Suspense>{children}</Suspense>
      </div>
    </div>
  );
}

function LoadingTiles() {
  return ['Spend', 'Requests', 'Success rate', 'Latency p50 / p95'].map((name) => (
    <Tile key={name} name={name} value={<Skeleton width={50} />} under={<Skeleton width={70} />}>
      {null}
    </Tile>
  ));
}
