import { expect, test } from 'vitest';
import type { Analytics } from '@/api/analytics';
import { change, changeText, line, onAxis, seriesOf, shown } from './analytics';

test('values are written as their measure is', () => {
  expect(shown('cost', '0.0042')).toBe('$0.0042');
  expect(shown('cache_savings', '-1.5')).toBe('-$1.50');
  expect(shown('p95_ms', 842.2)).toBe('842 ms');
  expect(shown('input_tokens', 12_400)).toBe('12.4k');
  expect(shown('throughput', 84.81)).toBe('84.8/s');
  expect(shown('requests', 1234)).toBe('1,234');
  expect(shown('p95_ms', null)).toBe('–');
});

test('a change is against what was', () => {
  expect(change(112, 100)).toBeCloseTo(0.12);
  expect(change(5, 0)).toBeUndefined();
  expect(change(null, 5)).toBeUndefined();
  expect(changeText(0.124)).toBe('+12%');
  expect(changeText(-0.051)).toBe('-5.1%');
  expect(changeText(0)).toBe('±0%');
  expect(changeText(99)).toBe('>+999%');
});

const group = (name: string, requests: number[], p95: (number | null)[]) => ({
  key: [name],
  label: [name.toUpperCase()],
  totals: {},
  previous: null,
  points: { requests, p95_ms: p95 },
});

const answer: Analytics = {
  from: '2026-11-01T00:00:00.000Z',
  to: '2026-11-03T00:00:00.000Z',
  step: '1d',
  tz: 'UTC',
  compared_with: null,
  group_by: ['model'],
  times: ['2026-11-01T00:00:00.000Z', '2026-11-02T00:00:00.000Z'],
  total: { groups: 5, totals: {}, previous: null, points: {} },
  groups: [group('a', [5, 1], [9, null]), group('b', [3, 3], [1, 1]), group('c', [1, 0], [2, 2])],
  other: { groups: 2, totals: {}, previous: null, points: { requests: [2, 7] } },
};

test('what is beyond the greatest is one series, and gaps stay gaps', () => {
  const series = seriesOf(answer, 'requests', 2);
  expect(series.map(({ label }) => label)).toEqual(['A', 'B', '3 others']);
  expect(series[2]?.values).toEqual([3, 7]);
  expect(new Set(series.map(({ colour }) => colour)).size).toBe(3);
  expect(line(answer.groups[0]?.points ?? {}, 'p95_ms')).toEqual([9, null]);
  // Percentiles of several groups do not add up to one.
  expect(seriesOf(answer, 'p95_ms', 2)).toHaveLength(2);
});

test('ticks of an axis are short, and nothing is half a request', () => {
  expect(onAxis('cost', 0.005)).toBe('$0.005');
  expect(onAxis('cost', 1204.5)).toBe('$1,204.50');
  expect(onAxis('cost', 2_000_000)).toBe('$2M');
  expect(onAxis('requests', 0.5)).toBe('');
  expect(onAxis('requests', 20)).toBe('20');
});
