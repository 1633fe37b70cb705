import { describe, expect, test } from 'vitest';
import { rebase } from './useDraft';

const base = { name: 'a', models: ['x'], mode: 'hybrid' };

describe('rebase', () => {
  test.each([
    ['nothing typed follows', {}, { name: 'b' }, { name: 'b' }, []],
    [
      'typed elsewhere stays',
      { mode: 'credits' },
      { name: 'b' },
      { name: 'b', mode: 'credits' },
      [],
    ],
    [
      'typed in both places stays and is named',
      { name: 'c' },
      { name: 'b' },
      { name: 'c' },
      ['name'],
    ],
    ['the same typed by both is no conflict', { name: 'b' }, { name: 'b' }, { name: 'b' }, []],
    ['lists are compared by content', {}, { models: ['x', 'y'] }, { models: ['x', 'y'] }, []],
    ['an equal list is untouched', { models: ['x'] }, { models: [] }, { models: [] }, []],
  ])('%s', (_, typed, now, value, both) => {
    const result = rebase(base, { ...base, ...typed }, { ...base, ...now });
    expect(result).toEqual({ value: { ...base, ...value }, both });
  });
});
