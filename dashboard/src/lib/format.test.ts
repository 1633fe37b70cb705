import { describe, expect, test } from 'vitest';
import * as f from './format';

test.each([
  ['0', '$0'],
  ['0.000000000001', '$0.000000000001'],
  ['0.0000425', '$0.000043'],
  ['0.0042', '$0.0042'],
  ['0.014', '$0.014'],
  ['0.1', '$0.10'],
  ['0.42', '$0.42'],
  ['0.999', '$1.00'],
  ['1', '$1.00'],
  ['12.345', '$12.35'],
  ['1204.5', '$1,204.50'],
  ['-0.0042', '-$0.0042'],
  ['nonsense', f.NONE],
])('money(%s) is %s', (value, shown) => expect(f.money(value)).toBe(shown));

test.each([
  ['0.000042500000', '$0.0000425'],
  ['1204.5', '$1,204.50'],
  ['3', '$3.00'],
  ['9007199254740993.01', '$9,007,199,254,740,993.01'],
])('moneyExact(%s) is %s', (value, shown) => expect(f.moneyExact(value)).toBe(shown));

test.each([
  ['0.00000175', '$1.75'],
  ['0.000000175', '$0.175'],
  ['0.000014', '$14.00'],
  ['1.5', '$1,500,000.00'],
  ['0', '$0.00'],
])('perMillion(%s) is %s', (price, shown) => expect(f.perMillion(price)).toBe(shown));

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1k'],
  [1234, '1.2k'],
  [12_400, '12.4k'],
  [99_949, '99.9k'],
  [99_960, '100k'],
  [123_900, '124k'],
  [999_499, '999k'],
  [999_500, '1M'],
  [2_673_678_000_000, '2.7T'],
  [3_120_000, '3.1M'],
  [4_000_000_000, '4B'],
])('tokens(%d) is %s', (n, shown) => expect(f.tokens(n)).toBe(shown));

test.each([
  [0, '0 µs'],
  [0.312, '312 µs'],
  [0.9996, '1.0 ms'],
  [4.21, '4.2 ms'],
  [9.96, '10 ms'],
  [842.4, '842 ms'],
  [999.6, '1.00 s'],
  [2140, '2.14 s'],
  [12_420, '12.4 s'],
  [59_960, '1 m 00 s'],
  [125_000, '2 m 05 s'],
  [3_599_600, '1 h 00 m'],
  [3_840_000, '1 h 04 m'],
])('duration(%d) is %s', (ms, shown) => expect(f.duration(ms)).toBe(shown));

test.each([
  [0, 0, f.NONE],
  [10, 10, '100%'],
  [0, 10, '0%'],
  [1, 10_000, '<0.1%'],
  [999_999, 1_000_000, '99.99%'],
  [997, 1000, '99.7%'],
  [985, 1000, '98.5%'],
  [1, 2, '50%'],
])('share(%d, %d) is %s', (part, whole, shown) => expect(f.share(part, whole)).toBe(shown));

test('what belongs together stays on one line', () =>
  expect(f.unbroken('2 m 05 s')).toBe('2\u00a0m\u00a005\u00a0s'));

test.each([
  [[], ''],
  [['OpenAI'], 'OpenAI'],
  [['OpenAI', 'Azure'], 'OpenAI and Azure'],
  [['OpenAI', 'Azure', 'Groq'], 'OpenAI, Azure and Groq'],
])('listed(%j) is %s', (words, shown) => expect(f.listed(words)).toBe(shown));

test('counts', () => {
  expect(f.count(12_431)).toBe('12,431');
  expect(f.count(1_240_000)).toBe('1.2M');
  expect(f.countExact(1, 'token')).toBe('1 token');
  expect(f.countExact(12_431, 'token')).toBe('12,431 tokens');
});

describe('times', () => {
  const now = new Date(2026, 10, 23, 14, 0, 0);
  const at = (ms: number) => new Date(now.getTime() - ms).toISOString();

  test.each([
    [0, 'just now'],
    [3 * 60_000, '3 min ago'],
    [2 * 3_600_000, '2 h ago'],
    [5 * 86_400_000, '5 d ago'],
    [-3 * 86_400_000, 'in 3 d'],
    [40 * 86_400_000, 'Oct 14, 2026'],
  ])('ago of %d ms is %s', (ms, shown) => expect(f.ago(at(ms), now)).toBe(shown));

  test('when is as long as it must be', () => {
    expect(f.when(at(60_000), now)).toBe('13:59:00');
    expect(f.when(at(86_400_000), now)).toBe('Nov 22 14:00:00');
    expect(f.when(at(400 * 86_400_000), now)).toBe('Oct 19, 2025');
  });

  test('whenExact has milliseconds, the offset and UTC', () => {
    expect(f.whenExact('2026-11-23T01:02:03.456Z')).toMatch(
      /^2026-11-2\d \d\d:\d\d:03\.456 [+-]\d\d:\d\d {2}\(2026-11-23T01:02:03\.456Z\)$/,
    );
  });
});

describe('since', () => {
  const now = new Date(2026, 10, 27, 12, 0);
  test.each([
    [new Date(2026, 10, 27, 10, 42), '10:42'],
    [new Date(2026, 10, 3, 9, 5), 'Nov 3, 09:05'],
    [new Date(2025, 1, 3, 9, 5), 'Feb 3, 2025'],
  ])('%s', (at, shown) => expect(f.since(at.toISOString(), now)).toBe(shown));
});
