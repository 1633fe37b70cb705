import { describe, expect, test } from 'vitest';
import { type Answer, eventReader, GatewayError, NO_ANSWER, take } from './stream';

const chunk = (delta: object, more: object = {}) =>
  JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null, ...more }] });
const all = (...data: string[]): Answer => data.reduce(take, NO_ANSWER);

describe('eventReader', () => {
  test('the same events however the text is cut, with any line end', () => {
    for (const end of ['\n', '\r\n']) {
      const text = [`data: {"a":1}`, '', ': beat', 'data:{"b":"x y"}', '', 'data: [DONE]', '', ''];
      const whole = text.join(end);
      for (let size = 1; size <= whole.length; size += 1) {
        const read = eventReader();
        const events: string[] = [];
        for (let i = 0; i < whole.length; i += size) events.push(...read(whole.slice(i, i + size)));
        events.push(...read('\n'));
        expect(events, `${size}`).toEqual(['{"a":1}', '{"b":"x y"}', '[DONE]']);
      }
    }
  });
});

describe('take', () => {
  test('text, reasoning, finish and usage come together', () => {
    const answer = all(
      chunk({ role: 'assistant', content: '' }),
      chunk({ reasoning_content: 'Hm' }),
      chunk({ content: 'Hel' }),
      chunk({ content: 'lo' }, { finish_reason: 'stop' }),
      JSON.stringify({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, cost: 0.5 } }),
    );
    expect(answer).toMatchObject({ text: 'Hello', reasoning: 'Hm', finish: 'stop' });
    expect(answer.usage?.cost).toBe(0.5);
  });

  test('calls of tools by their index, arguments in pieces', () => {
    const { toolCalls } = all(
      chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"x"' } }] }),
      chunk({ tool_calls: [{ index: 1, id: 'b', function: { name: 'g', arguments: '{}' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
    );
    expect(toolCalls).toEqual([
      { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
      { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } },
    ]);
  });

  test('an error in the stream is one', () => {
    expect(() => take(NO_ANSWER, '{"error":{"message":"gone"}}')).toThrow(GatewayError);
  });
});
