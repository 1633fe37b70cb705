import { expect, test } from 'vitest';
import { shift } from './decimal';

test.each([
  ['1.75', -6, '0.00000175'],
  ['0.00000175', 6, '1.75'],
  ['15', -6, '0.000015'],
  ['1250000', -6, '1.25'],
  ['2', 6, '2000000'],
  ['0', -6, '0'],
  ['.5', 0, '0.5'],
  ['0.10', 0, '0.1'],
  ['0.000000001', 6, '0.001'],
])('%s shifted by %i is %s', (value, places, want) => {
  expect(shift(value, places)).toBe(want);
});

test('what is no decimal has none', () => {
  for (const text of ['', '1,5', '-1', '1e-6', 'free', '.'])
    expect(shift(text, -6)).toBeUndefined();
});
