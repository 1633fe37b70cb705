import { expect, test } from 'vitest';
import {
  bounds,
  isCustom,
  parseRange,
  rangeLabel,
  rangeWords,
  toLocalField,
  usageStep,
} from './range';

const from = '2026-11-01T00:00:00.000Z';
const to = '2026-11-02T00:00:00.000Z';

test.each([
  [{}, {}],
  [{ range: '7d' }, { range: '7d' }],
  [{ range: '24h' }, {}],
  [{ range: 'toString' }, {}],
  [
    { range: '7d', from, to },
    { from, to },
  ],
  [{ from: to, to: from }, {}],
  [{ from: 'yesterday', to }, {}],
  [
    { from: '2026-11-01', to: '2026-11-02' },
    { from, to },
  ],
])('parseRange(%o)', (search, range) => expect(parseRange(search)).toEqual(range));

test('bounds', () => {
  const now = new Date(to).getTime();
  expect(bounds({}, now)).toEqual({ from });
  expect(bounds({ range: '1h' }, now)).toEqual({ from: '2026-11-01T23:00:00.000Z' });
  expect(bounds({ from, to }, 0)).toEqual({ from, to });
});

test.each([
  [30, undefined],
  [31, '3h'],
  [14 * 24, '3h'],
  [14 * 24 + 1, undefined],
])('usageStep of %i hours', (hours, step) => {
  const now = new Date(to).getTime();
  const start = new Date(now - hours * 3_600_000).toISOString();
  expect(usageStep({ from: start, to })).toBe(step);
  expect(usageStep({ from: start }, now)).toBe(step);
});

test('labels and fields', () => {
  expect(rangeLabel({})).toBe('Last 24 hours');
  expect(rangeLabel({ from, to })).toMatch(/\d\d:\d\d.+–/);
  expect(rangeWords({ range: '30d' })).toBe('the last 30 days');
  expect(rangeWords({ from, to })).toBe(rangeLabel({ from, to }));
  expect(isCustom({ range: '1h' })).toBe(false);
  expect(new Date(toLocalField(from)).toISOString()).toBe(from);
});
