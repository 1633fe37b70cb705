import { expect, test } from 'vitest';
import type { Model } from '@/api/analytics';
import { choose, type Wanted } from './choose';

const offer = (provider: string, input: string | undefined, capabilities = ['chat']) => ({
  provider,
  provider_model: 'x',
  region: null,
  context: input ? 1000 : 9000,
  max_output: null,
  capabilities,
  price: (input ? { input } : {}) as Record<string, string>,
  usable: provider !== 'unusable',
});
const models: Model[] = [
  {
    id: 'a-large',
    name: 'A Large',
    family: '',
    released_at: '2026-01-01',
    offers: [offer('one', '0.00001'), offer('two', '0.000002', ['chat', 'tools'])],
  },
  {
    id: 'a-mini',
    name: 'A Mini',
    family: '',
    released_at: '2026-05-01',
    offers: [offer('one', '0.000001')],
  },
  { id: 'b', name: 'B', family: '', released_at: null, offers: [offer('unusable', undefined)] },
];
const wanted: Wanted = {
  q: '',
  provider: undefined,
  capability: undefined,
  callable: undefined,
  sort: 'name',
  requests: (model) => (model === 'a-mini' ? 5 : 0),
};
const ids = (more: Partial<Wanted>) => choose(models, { ...wanted, ...more }).map(({ id }) => id);

test('search, filters and what can be called', () => {
  expect(ids({})).toEqual(['a-large', 'a-mini', 'b']);
  expect(ids({ q: 'a  LARGE' })).toEqual(['a-large']);
  expect(ids({ provider: 'one' })).toEqual(['a-large', 'a-mini']);
  expect(ids({ capability: 'tools' })).toEqual(['a-large']);
  expect(ids({ callable: new Set(['two', 'unusable']) })).toEqual(['a-large']);
  expect(choose(models, { ...wanted, provider: 'two' })[0]?.offers).toHaveLength(1);
});

test('orders', () => {
  expect(ids({ sort: 'used' })).toEqual(['a-mini', 'a-large', 'b']);
  expect(ids({ sort: 'newest' })).toEqual(['a-mini', 'a-large', 'b']);
  expect(ids({ sort: 'price' })).toEqual(['a-mini', 'a-large', 'b']);
  expect(ids({ sort: 'context' })).toEqual(['b', 'a-large', 'a-mini']);
});
