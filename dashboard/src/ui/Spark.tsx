// A small line over time. Sparks of one page share a crosshair; dragging over one sets the range.
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { useDark } from '@/lib/theme';
import css from './Spark.module.css';

const HEIGHT = 36;

export function Spark({
  times,
  values,
  group,
  label,
  from = 'zero',
  onHover,
  onBrush,
}: {
  /** Seconds since 1970. */
  times: number[];
  /** Null is a gap. */
  values: (number | null)[];
  group: string;
  label: string;
  /** Where the scale begins. */
  from?: 'zero' | 'least';
  onHover: (index: number | null) => void;
  onBrush: (from: number, to: number) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const dark = useDark();
  const chart = useRef<uPlot>(undefined);
  const latest = useRef({ times, values, onHover, onBrush });
  useEffect(() => {
    latest.current = { times, values, onHover, onBrush };
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: a canvas takes its colours when drawn
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const made = new uPlot(
      {
        width: Math.max(element.clientWidth, 40),
        height: HEIGHT,
        padding: [3, 2, 2, 2],
        legend: { show: false },
        axes: [{ show: false }, { show: false }],
        scales: { y: { range: (_, low, high) => span(from, low, high) } },
        cursor: {
          sync: { key: group },
          y: false,
          points: { size: 6 },
          drag: { x: true, y: false, setScale: false },
        },
        series: [
          {},
          {
            stroke: color(element, '--series-1'),
            fill: color(element, '--series-fill'),
            width: 1.5,
            points: { show: (u) => (u.data[0]?.length ?? 0) < 4, size: 4 },
          },
          {
            stroke: color(element, '--series-1'),
            width: 1.5,
            dash: [2, 3],
            points: { show: false },
          },
        ],
        hooks: {
          setCursor: [(u) => latest.current.onHover(u.cursor.idx ?? null)],
          setSelect: [
            (u) => {
              if (u.select.width < 3) return;
              const start = u.posToVal(u.select.left, 'x');
              const end = u.posToVal(u.select.left + u.select.width, 'x');
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              latest.current.onBrush(start, end);
            },
          ],
        },
      },
      drawn(latest.current.times, latest.current.values),
      element,
    );
    chart.current = made;
    const sizes = new ResizeObserver(() =>
      made.setSize({ width: Math.max(element.clientWidth, 40), height: HEIGHT }),
    );
    sizes.observe(element);
    return () => {
      sizes.disconnect();
      made.destroy();
      chart.current = undefined;
    };
  }, [group, from, dark]);

  // New figures move the line and leave the crosshair where it is.
  useEffect(() => chart.current?.setData(drawn(times, values)), [times, values]);

  return <div className={css.spark} ref={place} role="img" aria-label={label} />;
}

/** The way to a last step that is not over is a line of its own, broken: its figures still grow. */
function drawn(times: number[], values: (number | null)[]): uPlot.AlignedData {
  const last = times.length - 1;
  const [before = 0, at = 0] = times.slice(-2);
  const open = last > 0 && at + (at - before) > Date.now() / 1000;
  const whole = (i: number) => !open || i < last;
  return [
    times,
    values.map((value, i) => (whole(i) ? value : null)),
    values.map((value, i) => (open && i >= last - 1 ? value : null)),
  ];
}

function span(from: 'zero' | 'least', low: number, high: number): [number, number] {
  if (from === 'zero') return [0, high > 0 ? high * 1.05 : 1];
  const room = Math.max((high - low) * 0.1, 0.5);
  return [low - room, high + room];
}

// A token's colour as the browser resolves it now; light-dark() means nothing to a canvas.
function color(element: HTMLElement, token: string): string {
  element.style.color = `var(${token})`;
  const resolved = getComputedStyle(element).color;
  element.style.color = '';
  return resolved;
}
