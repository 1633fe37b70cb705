import { type ReactNode, useMemo, useState } from 'react';
import type { Analytics } from '@/api/analytics';
import {
  change,
  changeText,
  exact,
  figureOf,
  infoOf,
  line,
  type ShownMeasure,
  seconds,
  shown,
  stepTime,
} from '@/lib/analytics';
import { NONE, share } from '@/lib/format';
import { cx } from '@/ui/cx';
import { Skeleton } from '@/ui/Skeleton';
import { Spark } from '@/ui/Spark';
import { Value } from '@/ui/Value';
import css from './Overview.module.css';

type Brush = (from: number, to: number) => void;

const NAMES = ['Spend', 'Requests', 'Success rate', 'Saved by caching', 'Time to first token'];

/** Five figures: value, course, and change against the period before. */
export function Tiles({ answer, onBrush }: { answer: Analytics | undefined; onBrush: Brush }) {
  return (
    <section className={css.tiles} aria-label="Figures of this range" aria-busy={!answer}>
      {answer ? (
        <Filled answer={answer} onBrush={onBrush} />
      ) : (
        NAMES.map((name) => (
          <Tile
            key={name}
            name={name}
            value={<Skeleton width={50} />}
            under={<Skeleton width={70} />}
          />
        ))
      )}
    </section>
  );
}

function Filled({ answer, onBrush }: { answer: Analytics; onBrush: Brush }) {
  const [at, setAt] = useState<number | null>(null);
  const { totals, previous, points } = answer.total;
  const times = useMemo(() => seconds(answer), [answer]);
  const success = useMemo(
    () => (points.requests ?? []).map((n, i) => (n ? ((points.ok?.[i] ?? 0) / n) * 100 : null)),
    [points],
  );
  const spark = { times, group: 'overview', onHover: setAt, onBrush };
  const hovered = at !== null && times[at] !== undefined ? stepTime(answer.step)(times[at]) : null;
  const rate = (values: typeof totals | null) =>
    values?.requests ? ((values.ok ?? 0) / values.requests) * 100 : null;

  const figure = (measure: ShownMeasure) => {
    const point = at === null ? undefined : (points[measure]?.[at] ?? null);
    if (at !== null) return shown(measure, point);
    const value = totals[measure] ?? null;
    return <Value short={shown(measure, value)} exact={exact(measure, value)} />;
  };
  const under = (measure: ShownMeasure) =>
    hovered ?? (
      <Change
        by={change(figureOf(totals, measure), figureOf(previous, measure))}
        better={infoOf(measure).better}
      />
    );
  const points_ = rateChange(rate(totals), rate(previous));

  return (
    <>
      <Tile name="Spend" value={figure('cost')} under={under('cost')}>
        <Spark {...spark} values={line(points, 'cost')} label="Spend over time" />
      </Tile>
      <Tile name="Requests" value={figure('requests')} under={under('requests')}>
        <Spark {...spark} values={line(points, 'requests')} label="Requests over time" />
      </Tile>
      <Tile
        name="Success rate"
        value={
          at === null ? (
            <Value
              short={share(totals.ok ?? 0, totals.requests ?? 0)}
              exact={`${totals.ok} of ${totals.requests}`}
            />
          ) : (
            share(points.ok?.[at] ?? 0, points.requests?.[at] ?? 0)
          )
        }
        under={hovered ?? points_}
      >
        <Spark {...spark} values={success} from="least" label="Success rate over time" />
      </Tile>
      <Tile
        name="Saved by caching"
        value={figure('cache_savings')}
        under={
          hovered ??
          (totals.input_tokens
            ? `${share(totals.cached_tokens ?? 0, totals.input_tokens)} of input was cached`
            : 'no tokens yet')
        }
      >
        <Spark {...spark} values={line(points, 'cache_savings')} label="Savings over time" />
      </Tile>
      <Tile
        name="Time to first token, p50 / p95"
        value={
          <>
            {figure('ttft_p50_ms')}
            <span className={css.slash}>/</span>
            {figure('ttft_p95_ms')}
          </>
        }
        under={under('ttft_p95_ms')}
      >
        <Spark
          {...spark}
          values={line(points, 'ttft_p95_ms')}
          label="Time to first token over time, 95th percentile"
        />
      </Tile>
    </>
  );
}

function rateChange(now: number | null, before: number | null): ReactNode {
  if (now === null || before === null) return <Change by={undefined} />;
  const by = now - before;
  const text = Math.abs(by) < 0.005 ? '±0' : `${by > 0 ? '+' : '-'}${Math.abs(by).toFixed(2)}`;
  return <Marked good={by >= 0} plain={text === '±0'} text={`${text} points`} />;
}

function Change({ by, better }: { by: number | undefined; better?: 'more' | 'less' | undefined }) {
  if (by === undefined) return <>nothing to compare with</>;
  const good = better === 'more' ? by > 0 : by < 0;
  return <Marked good={good} plain={!better || Math.abs(by) < 0.0005} text={changeText(by)} />;
}

function Marked({ good, plain, text }: { good: boolean; plain: boolean; text: string }) {
  return (
    <>
      <span className={cx(!plain && (good ? css.good : css.bad), css.strong)}>{text}</span> on the
      period before
    </>
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
  children?: ReactNode;
}) {
  return (
    <div className={css.tile}>
      <h2 className={css.name}>{name}</h2>
      <div className={css.value}>{value || NONE}</div>
      <div className={css.spark}>{children}</div>
      <div className={css.under}>{under}</div>
    </div>
  );
}
