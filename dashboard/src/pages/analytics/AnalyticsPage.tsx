import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import {
  type Analytics,
  analyticsQuery,
  csvAddress,
  type Measure,
  type Question,
} from '@/api/analytics';
import { Page } from '@/frame/Page';
import { RangePicker } from '@/frame/RangePicker';
import { ScopePicker } from '@/frame/ScopePicker';
import { useScope } from '@/frame/scope';
import { ViewsMenu } from '@/frame/ViewsMenu';
import {
  brushed,
  infoOf,
  line,
  MEASURES,
  onAxis,
  type ShownMeasure,
  seconds,
  seriesOf,
  shown,
  stepTime,
} from '@/lib/analytics';
import { SERIES } from '@/lib/colours';
import { type RangeSearch, rangeWords } from '@/lib/range';
import type { AnalyticsSearch } from '@/router';
import { Chart } from '@/ui/Chart';
import { Chip } from '@/ui/Chip';
import { inputClass } from '@/ui/Field';
import { FileLink } from '@/ui/FileLink';
import { Empty, Failed } from '@/ui/Notice';
import { Skeleton } from '@/ui/Skeleton';
import css from './Analytics.module.css';
import { askable, DIMENSION_NAMES, FILTERS, type Fit } from './fit';
import { Ranked } from './Ranked';

const IN_TABLE: ShownMeasure[] = [
  'cost',
  'requests',
  'errors',
  'input_tokens',
  'cached_tokens',
  'output_tokens',
  'p95_ms',
  'ttft_p95_ms',
];
const SORTS = ['cost', 'requests', 'errors', 'input_tokens', 'output_tokens', 'cached_tokens'];

export default function AnalyticsPage() {
  const search = useSearch({ from: '/signed-in/o/$org/analytics' });
  const navigate = useNavigate({ from: '/o/$org/analytics' });
  const change = useCallback(
    (part: Partial<AnalyticsSearch>) =>
      void navigate({ search: (old) => ({ ...old, ...part }), resetScroll: false }),
    [navigate],
  );
  const setRange = useCallback(
    ({ range, from, to }: RangeSearch) => change({ range, from, to }),
    [change],
  );
  return (
    <Page
      title="Analytics"
      tools={
        <>
          <RangePicker value={search} onChange={setRange} />
          <ScopePicker all />
          <ViewsMenu page="analytics" />
        </>
      }
    >
      <Content search={search} change={change} setRange={setRange} />
    </Page>
  );
}

const COUNTED = { tag: 'a tag', end_user: 'an end user', source: 'a source' };

type Change = (part: Partial<AnalyticsSearch>) => void;

function Content({
  search,
  change,
  setRange,
}: {
  search: AnalyticsSearch;
  change: Change;
  setRange: (range: RangeSearch) => void;
}) {
  const { org, project } = useScope();
  const fitted = useMemo(() => askable(search), [search]);
  const { by, and, filters, measures } = fitted;
  const split = by === 'outcome' || and === 'outcome';
  const measure: ShownMeasure = split
    ? 'requests'
    : (measures.find((name) => name === search.measure) ?? 'cost');
  const { range, from, to, compare } = search;
  const question = useMemo<Question>(
    () => ({
      ...(range && { range }),
      ...(from && to && { from, to }),
      ...(project && { project: project.id }),
      ...filters,
      ...(by !== 'none' && { group_by: and ? `${by},${and}` : by }),
      measures: [
        ...new Set<Measure>([...IN_TABLE.filter((name) => measures.includes(name)), measure]),
      ],
      sort: split ? 'requests' : ((SORTS.includes(measure) ? measure : 'cost') as 'cost'),
      limit: 25,
      compare: compare !== 'off',
    }),
    [range, from, to, project, filters, by, and, split, measures, measure, compare],
  );
  const answer = useQuery(analyticsQuery(org.id, question));
  const onBrush = useCallback(
    (start: number, end: number) => setRange(brushed(start, end)),
    [setRange],
  );
  const { data } = answer;
  return (
    <>
      <Controls
        search={search}
        fitted={fitted}
        measure={measure}
        split={split}
        csv={csvAddress(org.id, { ...question, limit: 200 })}
        change={change}
      />
      <Filters given={filters} answer={data} change={change} />
      {answer.isError && !data ? (
        <Failed error={answer.error} retry={() => void answer.refetch()} />
      ) : !data ? (
        <Loading />
      ) : data.total.totals.requests === 0 ? (
        <Empty title="Nothing in this range">
          No request {fitted.label && `with ${COUNTED[fitted.label]} `}fits in {rangeWords(search)}.
          Choose a longer range, or fewer filters.
        </Empty>
      ) : (
        <>
          <Over answer={data} measure={measure} onBrush={onBrush} />
          <Ranked
            answer={data}
            measure={measure}
            columns={split ? ['requests'] : (question.measures as ShownMeasure[])}
            onFilter={(part) => change(part)}
            note={
              fitted.label === 'tag'
                ? 'a request counts for each of its tags, one without tags for none'
                : undefined
            }
          />
        </>
      )}
    </>
  );
}

/** The chart: groups stacked where they add up, each a line where they do not. */
function Over({
  answer,
  measure,
  onBrush,
}: {
  answer: Analytics;
  measure: ShownMeasure;
  onBrush: (from: number, to: number) => void;
}) {
  const { label, adds } = infoOf(measure);
  const grouped = answer.group_by.length > 0;
  const six = adds ? ', the greatest six' : ', the six of greatest spend';
  const series = grouped
    ? seriesOf(answer, measure)
    : [
        {
          key: 'all',
          label,
          colour: '--series-1',
          values: line(answer.total.points, measure),
        },
      ];
  return (
    <Chart
      label={`${label} over time${grouped && answer.total.groups > SERIES ? six : ''}`}
      kind={adds ? 'bars' : 'lines'}
      group="analytics"
      height={260}
      times={seconds(answer)}
      series={series}
      format={(value) => shown(measure, value)}
      formatTick={(value) => onAxis(measure, value)}
      formatTime={stepTime(answer.step)}
      onBrush={onBrush}
    />
  );
}

function Controls({
  search,
  fitted: { by, and, bys, ands, measures },
  measure,
  split,
  csv,
  change,
}: {
  search: AnalyticsSearch;
  fitted: Fit;
  measure: ShownMeasure;
  split: boolean;
  csv: string;
  change: Change;
}) {
  return (
    <div className={css.controls}>
      <label>
        <span>Show</span>
        <select
          className={inputClass}
          aria-label="Show measure"
          value={measure}
          disabled={split}
          title={split ? 'By outcome there are numbers of requests alone' : undefined}
          onChange={(event) => change({ measure: event.target.value })}
        >
          {measures.map((name) => (
            <option key={name} value={name}>
              {MEASURES[name].label}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>by</span>
        <select
          className={inputClass}
          aria-label="Group by"
          value={by}
          onChange={(event) =>
            change({ by: event.target.value as NonNullable<AnalyticsSearch['by']> })
          }
        >
          {bys.map((name) => (
            <option key={name} value={name}>
              {DIMENSION_NAMES[name]}
            </option>
          ))}
          <option value="none">All together</option>
        </select>
      </label>
      {by !== 'none' && (
        <label>
          <span>and</span>
          <select
            className={inputClass}
            aria-label="and by"
            value={and ?? ''}
            onChange={(event) =>
              change({ and: (event.target.value || undefined) as AnalyticsSearch['and'] })
            }
          >
            <option value="">nothing else</option>
            {ands.map((name) => (
              <option key={name} value={name}>
                {DIMENSION_NAMES[name]}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        <input
          type="checkbox"
          checked={search.compare !== 'off'}
          onChange={(event) => change({ compare: event.target.checked ? undefined : 'off' })}
        />
        <span>Compare with the period before</span>
      </label>
      <span className={css.csv}>
        <FileLink href={csv} download="analytics.csv" />
      </span>
    </div>
  );
}

/** What the numbers are limited to. Choices are the groups on the page; a row of the table adds one, too. */
function Filters({
  given,
  answer,
  change,
}: {
  given: Fit['filters'];
  answer: Analytics | undefined;
  change: Change;
}) {
  return (
    <div className={css.filters}>
      {FILTERS.map((name) => {
        const at = answer?.group_by.indexOf(name) ?? -1;
        const options = new Map<string, string>();
        if (answer && at >= 0) {
          for (const { key, label } of answer.groups) {
            if (key[at]) options.set(key[at], label[at] ?? key[at]);
          }
        }
        const value = given[name];
        if (!value && options.size === 0) return null;
        return (
          <Chip
            key={name}
            name={DIMENSION_NAMES[name]}
            value={value}
            shown={options.get(value ?? '') ?? value}
            options={[...options].map(([id, label]) => ({ value: id, label }))}
            onChange={(next) => change({ [name]: next })}
          />
        );
      })}
    </div>
  );
}

function Loading() {
  return (
    <section className={css.loading} aria-label="Analytics" aria-busy="true">
      <Skeleton width={30} />
      <Skeleton />
      <Skeleton width={85} />
      <Skeleton width={60} />
    </section>
  );
}
