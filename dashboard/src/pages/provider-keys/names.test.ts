import { expect, test } from 'vitest';
import type { ProviderKey } from '@/api/client';
import { onlyServedBy } from './names';

const key = (id: string, models: string[] = [], off = false) =>
  ({ id, models, disabled_at: off ? '2026-01-01T00:00:00.000Z' : null }) as ProviderKey;
const offered = ['a', 'b', 'c'];

test.each([
  ['the last key: everything', key('1'), [], offered],
  ['another serves everything', key('1'), [key('2')], []],
  ['another serves a part', key('1'), [key('2', ['a'])], ['b', 'c']],
  [
    'others serve parts of its models',
    key('1', ['a', 'b']),
    [key('2', ['a']), key('3', ['c'])],
    ['b'],
  ],
  ['the other is disabled', key('1', ['a']), [key('2', [], true)], ['a']],
  ['itself is disabled', key('1', [], true), [], []],
])('%s', (_, one, others, gone) => {
  expect(onlyServedBy(one, [one, ...others], offered)).toEqual(gone);
});
