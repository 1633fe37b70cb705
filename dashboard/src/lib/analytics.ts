// What charts and tables of analytics share: how each measure is named, written and drawn.
import type { Analytics, Measure, Points, Values } from '@/api/analytics';
import { coloursOf } from './colours';
import { count, duration, durationExact, money, moneyExact, NONE, tokens } from './format';

type Kind = 'count' | 'tokens' | 'money' | 'ms' | 'speed';

export type MeasureInfo = {
  label: string;
  kind: Kind;
  /** Sums can be stacked, percentiles cannot. */
  adds: boolean;
  /** Whether more is better, for the colour of a change; undefined: neither. */
  better?: 'more' | 'less';
};

export const MEASURES = {
  cost: { label: 'Spend', kind: 'money', adds: true },
  requests: { label: 'Requests', kind: 'count', adds: true },
  errors: { label: 'Failed requests', kind: 'count', adds: true, better: 'less' },
  input_tokens: { label: 'Input tokens', kind: 'tokens', adds: true },
  cached_tokens: { label: 'Cached tokens', kind: 'tokens', adds: true, better: 'more' },
  output_tokens: { label: 'Output tokens', kind: 'tokens', adds: true },
  cache_savings: { label: 'Saved by caching', kind: 'money', adds: false, better: 'more' },
  p50_ms: { label: 'Duration p50', kind: 'ms', adds: false, better: 'less' },
  p95_ms: { label: 'Duration p95', kind: 'ms', adds: false, better: 'less' },
  p99_ms: { label: 'Duration p99', kind: 'ms', adds: false, better: 'less' },
  ttft_p50_ms: { label: 'Time to first token p50', kind: 'ms', adds: false, better: 'less' },
  ttft_p95_ms: { label: 'Time to first token p95', kind: 'ms', adds: false, better: 'less' },
  ttft_p99_ms: { label: 'Time to first token p99', kind: 'ms', adds: false, better: 'less' },
  throughput: { label: 'Output tokens a second', kind: 'speed', adds: false, better: 'more' },
} as const satisfies Partial<Record<Measure, MeasureInfo>>;

export type ShownMeasure = keyof typeof MEASURES;

export function infoOf(measure: ShownMeasure): MeasureInfo {
  return MEASURES[measure];
}

/** A value for reading; null is none. */
export function shown(measure: ShownMeasure, value: number | string | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  const n = Number(value);
  switch (MEASURES[measure].kind) {
    case 'money':
      return n < 0 ? `-${money(-n)}` : money(value);
    case 'ms':
      return n === 0 ? '0' : duration(n);
    case 'tokens':
      return tokens(Math.round(n));
    case 'speed':
      return `${n < 100 ? n.toFixed(1) : n.toFixed(0)}/s`;
    default:
      return count(Math.round(n));
  }
}

/** A tick of an axis, where there is room for a few letters; none where nothing can be. */
export function onAxis(measure: ShownMeasure, value: number): string {
  const { kind } = MEASURES[measure];
  if ((kind === 'count' || kind === 'tokens') && !Number.isInteger(value)) return '';
  return kind === 'money' && value >= 10_000 ? `$${tokens(value)}` : shown(measure, value);
}

/** All digits, for a tooltip. */
export function exact(measure: ShownMeasure, value: number | string | null | undefined): string {
  if (value === null || value === undefined) return 'none';
  if (MEASURES[measure].kind === 'money') return moneyExact(String(value));
  if (MEASURES[measure].kind === 'ms') return durationExact(Number(value));
  return String(value);
}

export function seconds(answer: Analytics): number[] {
  return answer.times.map((time) => Date.parse(time) / 1000);
}

/** Points as numbers; null where there is none. */
export function line(points: Points, measure: ShownMeasure): (number | null)[] {
  return (points[measure] ?? []).map((value) => (value === null ? null : Number(value)));
}

export function figureOf(values: Values | null, measure: ShownMeasure): number | null {
  const value = values?.[measure];
  return value === null || value === undefined ? null : Number(value);
}

/** How much more than before, 0.12 for 12%; undefined where nothing can be said. */
export function change(now: number | null, before: number | null): number | undefined {
  if (now === null || before === null || before === 0) return undefined;
  return (now - before) / Math.abs(before);
}

export function changeText(by: number): string {
  const percent = Math.abs(by) * 100;
  if (percent < 0.05) return '±0%';
  const digits = percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0);
  return `${percent > 999 ? '>' : ''}${by > 0 ? '+' : '-'}${percent > 999 ? '999' : digits}%`;
}

/** The groups of an answer as series of a chart, the others last and grey. */
export function seriesOf(answer: Analytics, measure: ShownMeasure, most = 6) {
  const groups = answer.groups.slice(0, most);
  const kind = answer.group_by.join('/');
  const colours = coloursOf(
    kind,
    groups.map(({ key }) => key.join('/')),
  );
  const series = groups.map(({ key, label, points }, i) => ({
    key: key.join('/'),
    label: label.join(' · '),
    values: line(points, measure),
    colour: `--series-${colours[i]}`,
  }));
  const rest = answer.groups.slice(most);
  const others = rest.length + (answer.other?.groups ?? 0);
  if (others === 0 || !MEASURES[measure].adds) return series;
  const lines = [...rest.map(({ points }) => line(points, measure))];
  if (answer.other) lines.push(line(answer.other.points, measure));
  const values = answer.times.map((_, i) =>
    lines.reduce<number>((sum, one) => sum + (one[i] ?? 0), 0),
  );
  const colour = '--series-other';
  return [...series, { key: 'other', label: `${others} others`, values, colour }];
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const dayFormat = new Intl.DateTimeFormat('en-US', {
  weekday: 'short',
  month: 'short',
  day: 'numeric',
});

/** A step's start: the day, and the clock where steps are shorter. */
export function stepTime(step: Analytics['step']): (time: number) => string {
  return (time) => {
    const at = new Date(time * 1000);
    return step === '1d' ? dayFormat.format(at) : `${dayFormat.format(at)}, ${clock.format(at)}`;
  };
}

/** A range that was drawn in a chart, in whole minutes. */
export function brushed(from: number, to: number) {
  return {
    from: new Date(Math.floor(from / 60) * 60_000).toISOString(),
    to: new Date(Math.ceil(to / 60) * 60_000).toISOString(),
  };
}
