import { expect, test } from 'vitest';
import { besideField } from './message';

test.each([
  ['secret: The provider refused it.', 'The provider refused it.'],
  ['options.region: give a region.', 'Give a region.'],
  ['addresses[2]: this is no network.', 'This is no network.'],
  ['It is wrong: too old.', 'It is wrong: too old.'],
  ['', ''],
])('%s stands beside its field as %s', (said, shown) => {
  expect(besideField(said)).toBe(shown);
});
