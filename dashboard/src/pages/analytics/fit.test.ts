import { describe, expect, it } from 'vitest';
import { askable } from './fit';

describe('askable', () => {
  it('leaves what can be asked as it is', () => {
    const { by, and, filters, label, measures } = askable({
      by: 'provider',
      and: 'model',
      user: 'u',
    });
    expect({ by, and, filters, label }).toEqual({
      by: 'provider',
      and: 'model',
      filters: { user: 'u' },
      label: undefined,
    });
    expect(measures).toContain('p95_ms');
    expect(askable({}).by).toBe('model');
  });

  it('offers tags, end users and sources beside projects alone, with sums alone', () => {
    expect(askable({ by: 'tag' })).toMatchObject({
      and: undefined,
      ands: ['project'],
      label: 'tag',
    });
    expect(askable({ by: 'tag', and: 'model' }).and).toBeUndefined();
    expect(askable({ by: 'project', and: 'end_user' })).toMatchObject({
      and: 'end_user',
      label: 'end_user',
    });
    expect(askable({ by: 'source', and: 'project' })).toMatchObject({
      and: 'project',
      ands: ['project'],
      label: 'source',
    });
    expect(askable({ by: 'model' }).ands).not.toContain('tag');
    expect(askable({ by: 'model' }).ands).not.toContain('source');
    expect(askable({ by: 'tag' }).measures).toEqual([
      'cost',
      'requests',
      'errors',
      'input_tokens',
      'output_tokens',
    ]);
  });

  it('keeps filters that go together', () => {
    expect(askable({ by: 'model', tag: 'prod' })).toMatchObject({
      by: 'tag',
      bys: ['tag', 'project'],
      filters: { tag: 'prod' },
    });
    expect(askable({ by: 'tag', model: 'm' })).toMatchObject({
      by: 'model',
      filters: { model: 'm' },
      label: undefined,
    });
    expect(askable({ by: 'none', tag: 'a', end_user: 'b' })).toMatchObject({
      by: 'none',
      filters: { tag: 'a' },
      label: 'tag',
    });
    expect(askable({ by: 'end_user', and: 'project', source: 'site.example' })).toMatchObject({
      by: 'source',
      and: 'project',
      bys: ['source', 'project'],
      filters: { source: 'site.example' },
      label: 'source',
    });
    expect(askable({ source: 'site.example', user: 'u' })).toMatchObject({
      filters: { user: 'u' },
      label: undefined,
    });
  });
});
