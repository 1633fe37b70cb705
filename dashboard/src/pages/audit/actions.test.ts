import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { actionWords, changes, THINGS } from './actions';

test('only what differs is a change', () => {
  const before = { name: 'a', owner: { id: '1', name: 'Mira' }, revoked_at: null, n: 1, tags: [1] };
  const after = { name: 'a', owner: { id: '2', name: 'Mira' }, revoked_at: 'now', n: 1, tags: [1] };
  expect(changes(before, after)).toEqual([
    { field: 'owner.id', before: '1', after: '2' },
    { field: 'revoked_at', before: undefined, after: 'now' },
  ]);
});

test('of a new thing, all that it has; of nothing, nothing', () => {
  expect(changes(null, { name: 'a', label: '', x: null })).toEqual([
    { field: 'name', before: undefined, after: 'a' },
  ]);
  expect(changes(null, null)).toEqual([]);
});

test('every action of the route table has words and a thing to filter by', () => {
  const routes = readFileSync(join(import.meta.dirname, '../../../../control/routes.def'), 'utf8');
  const actions = [...routes.matchAll(/"([a-z_]+\.[a-z_]+)"\)$/gm)].map(([, action]) => action);
  expect(actions.length).toBeGreaterThan(10);
  for (const action of actions as string[]) {
    expect(actionWords(action), action).not.toBe(action);
    expect(Object.keys(THINGS), action).toContain(action.split('.')[0]);
  }
});
