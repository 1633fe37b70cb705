import { describe, expect, test } from 'vitest';
import { bodyOf, faultsOf, NO_SETTINGS } from './body';

const settings = (part: Partial<typeof NO_SETTINGS>) => ({ ...NO_SETTINGS, ...part });
const hello = [{ role: 'user', content: 'Hello' }] as const;

describe('bodyOf', () => {
  test('without settings nothing but model and messages', () => {
    expect(bodyOf('m', NO_SETTINGS, [...hello])).toEqual({ model: 'm', messages: hello });
  });

  test('each setting in the words of the protocol', () => {
    const body = bodyOf(
      'm',
      settings({
        system: 'Be brief.',
        temperature: '0',
        maxTokens: '64',
        effort: 'low',
        tools:
          '[{"name": "weather", "parameters": {}}, {"type": "function", "function": {"name": "b"}}]',
        schema: '{"type": "object"}',
      }),
      [...hello],
    );
    expect(body).toEqual({
      model: 'm',
      messages: [{ role: 'system', content: 'Be brief.' }, ...hello],
      temperature: 0,
      max_completion_tokens: 64,
      reasoning_effort: 'low',
      tools: [
        { type: 'function', function: { name: 'weather', parameters: {} } },
        { type: 'function', function: { name: 'b' } },
      ],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', strict: true, schema: { type: 'object' } },
      },
    });
  });
});

describe('faultsOf', () => {
  test.each([
    ['temperature', '2.1'],
    ['temperature', 'warm'],
    ['maxTokens', '0'],
    ['maxTokens', '1.5'],
    ['tools', '{'],
    ['tools', '{"name": "x"}'],
    ['tools', '[{"parameters": {}}]'],
    ['tools', '[1]'],
    ['schema', '[]'],
    ['schema', 'null'],
  ] as const)('%s: %s', (field, value) => {
    expect(Object.keys(faultsOf(settings({ [field]: value })))).toEqual([field]);
  });

  test('what is right has none', () => {
    expect(
      faultsOf(settings({ temperature: '0.7', maxTokens: '10', tools: '[]', schema: '{}' })),
    ).toEqual({});
  });
});
