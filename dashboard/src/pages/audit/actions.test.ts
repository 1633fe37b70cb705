import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { actionWords, changes, entryWords, THINGS } from './actions';

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

test('what is switched has a word of its own', () => {
  const entry = (action: string, before: object, after: object) =>
    entryWords({ action, before: { ...before }, after: { ...after } });
  const [on, off] = [{ archived_at: null }, { archived_at: 'now' }];
  expect(entry('project.update', on, off)).toBe('Archived project');
  expect(entry('project.update', off, on)).toBe('Brought back project');
  expect(entry('project.update', off, { ...off, name: 'b' })).toBe('Changed project');
  expect(entry('api_key.update', {}, { disabled_at: 'now' })).toBe('Disabled API key');
  expect(entry('member.update', { role: 'a' }, { role: 'b' })).toBe('Changed the role of');
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
