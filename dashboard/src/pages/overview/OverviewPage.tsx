import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { type Analytics, analyticsQuery, type Measure, type Question } from '@/api/analytics';
import { firstRequestQuery } from '@/api/queries';
import { Page } from '@/frame/Page';
import { RangePicker } from '@/frame/RangePicker';
import { ScopePicker } from '@/frame/ScopePicker';
import { useScope } from '@/frame/scope';
import { brushed, onAxis, seconds, seriesOf, shown, stepTime } from '@/lib/analytics';
import type { RangeSearch } from '@/lib/range';
import { ButtonLink } from '@/ui/Button';
import { Chart } from '@/ui/Chart';
import { Empty, Failed } from '@/ui/Notice';
import { Skeleton } from '@/ui/Skeleton';
import { Failures } from './Failures';
import { Health } from './Health';
import css from './Overview.module.css';
import { Tiles } from './Tiles';

const TOTALS: Measure[] = [
  'requests',
  'ok',
  'errors',
  'cost',
  'input_tokens',
  'cached_tokens',
  'cache_savings',
  'ttft_p50_ms',
  'ttft_p95_ms',
];
const OUTCOMES: Measure[] = [
  'requests',
  'ok',
  'client_errors',
  'gateway_errors',
  'upstream_errors',
  'client_gone',
  'interrupted',
];

export default function OverviewPage() {
  const search = useSearch({ from: '/signed-in/o/$org/overview' });
  const navigate = useNavigate({ from: '/o/$org/overview' });
  const setRange = useCallback(
    ({ range, from, to }: RangeSearch) =>
      void navigate({ search: (old) => ({ ...old, range, from, to }), resetScroll: false }),
    [navigate],
  );
  return (
    <Page
      title="Overview"
      tools={
        <>
          <RangePicker value={search} onChange={setRange} />
          <ScopePicker all />
        </>
      }
    >
      <Content search={search} setRange={setRange} />
    </Page>
  );
}

type ContentProps = { search: RangeSearch; setRange: (range: RangeSearch) => void };

function Content({ search: { range, from, to }, setRange }: ContentProps) {
  const { org, project } = useScope();
  const scope = useMemo<Pick<Question, 'range' | 'from' | 'to' | 'project'>>(
    () => ({
      ...(range && { range }),
      ...(from && to && { from, to }),
      ...(project && { project: project.id }),
    }),
    [range, from, to, project],
  );
  const totals = useQuery(analyticsQuery(org.id, { ...scope, measures: TOTALS, compare: true }));
  const models = useQuery(
    analyticsQuery(org.id, {
      ...scope,
      measures: ['cost', 'requests'],
      group_by: 'model',
      limit: 6,
    }),
  );
  const providers = useQuery(
    analyticsQuery(org.id, {
      ...scope,
      measures: OUTCOMES,
      group_by: 'provider',
      sort: 'requests',
      limit: 12,
    }),
  );
  const none = totals.data?.total.totals.requests === 0;
  const first = useQuery({ ...firstRequestQuery(org.id, project?.id), enabled: none });
  const onBrush = useCallback(
    (start: number, end: number) => setRange(brushed(start, end)),
    [setRange],
  );

  const failed = [totals, models, providers].find(({ isError, data }) => isError && !data);
  if (failed?.error) {
    const retry = () => [totals, models, providers].forEach((one) => void one.refetch());
    return <Failed error={failed.error} retry={retry} />;
  }
  if (none && first.data === null) return <Nothing org={org.id} />;
  return (
    <>
      <Tiles answer={totals.data} onBrush={onBrush} />
      <div className={css.charts}>
        {models.data ? (
          <Chart
            label="Spend by model"
            kind="bars"
            group="overview"
            times={seconds(models.data)}
            series={seriesOf(models.data, 'cost')}
            format={(value) => shown('cost', value)}
            formatTick={(value) => onAxis('cost', value)}
            formatTime={stepTime(models.data.step)}
            onBrush={onBrush}
          />
        ) : (
          <Loading name="Spend by model" />
        )}
        {providers.data ? (
          <Outcomes answer={providers.data} onBrush={onBrush} />
        ) : (
          <Loading name="Requests by outcome" />
        )}
      </div>
      <div className={css.charts}>
        <Health answer={providers.data} />
        <Failures range={{ ...(range && { range }), ...(from && to && { from, to }) }} />
      </div>
    </>
  );
}

const KINDS = [
  ['ok', 'Answered', '--good-area'],
  ['client_errors', 'Refused (4xx)', '--series-3'],
  ['upstream_errors', 'Provider failed', '--bad-area'],
  ['gateway_errors', 'Gateway failed', '--series-4'],
  ['client_gone', 'Client left', '--series-other'],
  ['interrupted', 'Interrupted', '--series-5'],
] as const;

function Outcomes({
  answer,
  onBrush,
}: {
  answer: Analytics;
  onBrush: (from: number, to: number) => void;
}) {
  const { points, totals } = answer.total;
  return (
    <Chart
      label="Requests by outcome"
      kind="bars"
      group="overview"
      times={seconds(answer)}
      series={KINDS.filter(([measure], i) => i === 0 || (totals[measure] ?? 0) > 0).map(
        ([measure, label, colour]) => ({
          key: measure,
          label,
          colour,
          values: (points[measure] ?? []).map(Number),
        }),
      )}
      format={(value) => shown('requests', value)}
      formatTick={(value) => onAxis('requests', value)}
      formatTime={stepTime(answer.step)}
      onBrush={onBrush}
    />
  );
}

function Loading({ name }: { name: string }) {
  return (
    <section className={css.card} aria-label={name} aria-busy="true">
      <h2 className={css.cardTitle}>{name}</h2>
      <div className={css.placeholder}>
        <Skeleton />
        <Skeleton width={80} />
        <Skeleton width={60} />
      </div>
    </section>
  );
}

function Nothing({ org }: { org: string }) {
  return (
    <Empty
      title="Nothing has been asked yet"
      action={
        <ButtonLink look="primary" to="/o/$org/activity" params={{ org }}>
          Send the first request
        </ButtonLink>
      }
    >
      Here will be what your requests cost, how many of them succeed and how quickly models answer.
    </Empty>
  );
}
