// Bars that are stacked, or lines, over time. Charts of one page share a crosshair; dragging over one sets
// the range; what is under the crosshair is said below it, and all of it can be had as a table.
import 'uplot/dist/uPlot.min.css';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import { useDark } from '@/lib/theme';
import css from './Chart.module.css';
import { cx } from './cx';

export type Series = {
  key: string;
  label: string;
  /** Null is a gap. */
  values: (number | null)[];
  /** A token's name, as --series-1. */
  colour: string;
};

export type ChartProps = {
  label: string;
  /** Seconds since 1970: starts of the steps. */
  times: number[];
  series: Series[];
  kind: 'bars' | 'lines';
  group: string;
  height?: number;
  /** A value for reading. */
  format: (value: number) => string;
  /** A value beside a line of the grid. */
  formatTick: (value: number) => string;
  /** A step's start for reading. */
  formatTime: (seconds: number) => string;
  onBrush: (from: number, to: number) => void;
};

export function Chart(props: ChartProps) {
  const { label, times, series, kind, format, formatTime } = props;
  const [at, setAt] = useState<number | null>(null);
  const [asTable, setAsTable] = useState(false);
  const id = useId();
  const time = at === null ? undefined : times[at];
  const sums = useMemo(() => series.map(({ values }) => total(values, kind)), [series, kind]);
  return (
    <figure className={css.figure} aria-labelledby={id}>
      <figcaption className={css.head}>
        <h2 id={id} className={css.title}>
          {label}
        </h2>
        <span className={css.time}>{time === undefined ? '' : `from ${formatTime(time)}`}</span>
        <button
          type="button"
          className={css.toggle}
          aria-pressed={asTable}
          onClick={() => setAsTable(!asTable)}
        >
          {asTable ? 'Chart' : 'Table'}
          <span className="visually-hidden"> of {label}</span>
        </button>
      </figcaption>
      {asTable ? (
        <Table {...props} />
      ) : (
        <>
          <Plot {...props} onHover={setAt} />
          <ul className={css.legend}>
            {series.map(({ key, label: name, values, colour }, i) => {
              const value = at === null ? sums[i] : values[at];
              return (
                <li key={key}>
                  <span className={css.swatch} style={{ background: `var(${colour})` }} />
                  <span className={css.name} dir="auto">
                    {name}
                  </span>
                  <span className={css.value}>
                    {value === null || value === undefined ? '–' : format(value)}
                  </span>
                </li>
              );
            })}
          </ul>
        </>
      )}
    </figure>
  );
}

/** Of lines there is no sum: their last value stands for them. */
function total(values: (number | null)[], kind: ChartProps['kind']): number | null {
  if (kind === 'lines') return values.findLast((value) => value !== null) ?? null;
  return values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}

function Table({ label, times, series, format, formatTime }: ChartProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className={css.scroll} tabIndex={0} aria-label={`${label}, table`}>
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">From</th>
            {series.map(({ key, label: name }) => (
              <th key={key} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((time, i) => (
            <tr key={time}>
              <th scope="row">{formatTime(time)}</th>
              {series.map(({ key, values }) => {
                const value = values[i];
                return (
                  <td key={key}>{value === null || value === undefined ? '–' : format(value)}</td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Plot({
  label,
  times,
  series,
  kind,
  group,
  height = 220,
  formatTick,
  onHover,
  onBrush,
}: ChartProps & { onHover: (index: number | null) => void }) {
  const place = useRef<HTMLDivElement>(null);
  const dark = useDark();
  const data = useMemo(() => stack(times, series, kind), [times, series, kind]);
  const chart = useRef<uPlot>(undefined);
  const latest = useRef({ data, onHover, onBrush, formatTick });
  useEffect(() => {
    latest.current = { data, onHover, onBrush, formatTick };
  });
  const shape = series.map(({ key, colour }) => `${key} ${colour}`).join('\n');

  // biome-ignore lint/correctness/useExhaustiveDependencies: a canvas takes its colours when drawn
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const made = new uPlot(
      options(element, { series, kind, group, height, latest }),
      latest.current.data,
      element,
    );
    chart.current = made;
    // A canvas is drawn with what fonts there are, and not anew when its own has come.
    void document.fonts
      .load(fontOf(element))
      .then(() => chart.current === made && made.redraw(false));
    const sizes = new ResizeObserver(() =>
      made.setSize({ width: Math.max(element.clientWidth, 80), height }),
    );
    sizes.observe(element);
    return () => {
      sizes.disconnect();
      made.destroy();
      chart.current = undefined;
    };
  }, [group, kind, shape, height, dark]);

  useEffect(() => chart.current?.setData(data), [data]);

  return <div className={cx(css.plot)} ref={place} role="img" aria-label={`${label}, chart`} />;
}

/** Bars lie behind each other, the tallest first: each is as tall as all below it together. */
function stack(times: number[], series: Series[], kind: ChartProps['kind']): uPlot.AlignedData {
  if (kind === 'lines') return [times, ...series.map(({ values }) => values)];
  const sums = times.map(() => 0);
  const stacked = series.map(({ values }) =>
    values.map((value, i) => {
      sums[i] = (sums[i] ?? 0) + (value ?? 0);
      return sums[i] as number;
    }),
  );
  return [times, ...stacked.reverse()];
}

type Making = {
  series: Series[];
  kind: ChartProps['kind'];
  group: string;
  height: number;
  latest: React.RefObject<{
    onHover: (index: number | null) => void;
    onBrush: (from: number, to: number) => void;
    formatTick: (value: number) => string;
  }>;
};

function options(
  element: HTMLElement,
  { series, kind, group, height, latest }: Making,
): uPlot.Options {
  const text = color(element, '--text-3');
  const line = color(element, '--line');
  const font = fontOf(element);
  const bars = uPlot.paths.bars?.({ size: [0.82, 48], align: 1 });
  const drawn = kind === 'bars' ? [...series].reverse() : series;
  const axis = { stroke: text, font, ticks: { show: false }, border: { show: false } };
  return {
    width: Math.max(element.clientWidth, 80),
    height,
    padding: [8, 16, 0, 0], // half of the last time beside the axis
    legend: { show: false },
    cursor: {
      sync: { key: group },
      y: false,
      points: { show: kind === 'lines' },
      drag: { x: true, y: false, setScale: false },
    },
    scales: {
      x: { range: (u, low, high) => [low, kind === 'bars' ? high + step(u) : high] },
      y: { range: (_, __, high) => [0, high > 0 ? high * 1.06 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, space: 72 },
      {
        ...axis,
        grid: { stroke: line, width: 1 },
        size: 62,
        space: 44,
        values: (_, ticks) => ticks.map((tick) => latest.current.formatTick(tick)),
      },
    ],
    series: [
      {},
      ...drawn.map(({ colour }): uPlot.Series => {
        const stroke = color(element, colour);
        return kind === 'bars'
          ? { fill: stroke, width: 0, points: { show: false }, ...(bars && { paths: bars }) }
          : { stroke, width: 1.75, spanGaps: false, points: { size: 4, show: lonely } };
      }),
    ],
    hooks: {
      setCursor: [(u) => latest.current.onHover(u.cursor.idx ?? null)],
      setSelect: [
        (u) => {
          if (u.select.width < 4) return;
          const start = u.posToVal(u.select.left, 'x');
          const end = u.posToVal(u.select.left + u.select.width, 'x');
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          latest.current.onBrush(start, end);
        },
      ],
    },
  };
}

/** A value between two gaps has no line: then points are shown. */
function lonely(u: uPlot, index: number): boolean {
  const values = u.data[index] ?? [];
  return values.some((value, i) => value != null && values[i - 1] == null && values[i + 1] == null);
}

function step(u: uPlot): number {
  const times = u.data[0] ?? [];
  return times.length > 1 ? (times[1] as number) - (times[0] as number) : 1800;
}

const fontOf = (element: HTMLElement) => `11px ${getComputedStyle(element).fontFamily}`;

// A token's colour as the browser resolves it now; light-dark() means nothing to a canvas.
function color(element: HTMLElement, token: string): string {
  element.style.color = `var(${token})`;
  const resolved = getComputedStyle(element).color;
  element.style.color = '';
  return resolved;
}
