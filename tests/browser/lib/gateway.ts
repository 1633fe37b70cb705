// Answers the gateway's chat completions inside the browser, told by the last message what to do.
import type { Page } from 'playwright-core';
import type { components } from '../../../dashboard/src/api/schema.d.ts';

export const GATEWAY = 'http://127.0.0.1:4001';

type Model = components['schemas']['Model'];

const offer = (provider: string, model: string, capabilities: string[]) => ({
  provider,
  provider_model: model,
  region: null,
  context: 400_000,
  max_output: 128_000,
  capabilities: ['streaming', ...capabilities],
  price: { input: '0.00000175', output: '0.000014' },
  usable: true,
});

export const MODELS: Model[] = [
  ['gpt-5.2', 'GPT 5.2', ['openai', 'azure'], ['tools', 'json_output']],
  ['claude-sonnet-4-5', 'Claude Sonnet 4.5', ['anthropic', 'bedrock'], ['tools', 'json_output']],
  ['gemini-3-pro', 'Gemini 3 Pro', ['google'], ['tools', 'json_output']],
  ['text-embedding-3-large', 'Embedding 3 large', ['openai'], ['embeddings']],
].map(([id, name, providers, capabilities]) => ({
  id: id as string,
  name: name as string,
  family: (id as string).split('-')[0] as string,
  released_at: '2026-01-01',
  offers: (providers as string[]).map((one) => offer(one, id as string, capabilities as string[])),
}));

const chunk = (delta: object, finish: string | null = null) => ({
  id: 'c',
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, finish_reason: finish }],
});

const ANSWER = `Backpressure is a receiver telling its sender to slow down.

\`\`\`python
async for row in rows:
    await queue.put(row)  # waits while the queue is full
\`\`\`

Without it, whatever is slow collects what it cannot do: <b>memory grows</b> until it ends.`;

/** What each request said, in order. */
export async function fakeGateway(page: Page, requestId: string) {
  const asked: { key: string; body: Record<string, unknown> }[] = [];
  await page.route(`${GATEWAY}/**`, async (route) => {
    const request = route.request();
    const headers = {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': '*',
      'access-control-expose-headers': 'x-request-id, x-doteb-provider, x-doteb-attempts',
      'x-request-id': requestId,
      'x-doteb-provider': 'openai',
      'x-doteb-attempts': '2',
    };
    if (request.method() === 'OPTIONS') return route.fulfill({ status: 204, headers });
    const body = request.postDataJSON();
    const key = request.headers().authorization?.replace('Bearer ', '') ?? '';
    asked.push({ key, body });
    const last = body.messages.at(-1);
    const words = last.role === 'user' ? String(last.content) : '';
    if (words.includes('never')) return; // until it is stopped
    if (words.includes('away')) return route.abort();
    if (words.includes('refuse')) {
      return route.fulfill({
        status: 429,
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ error: { message: 'openai: too many requests.' } }),
      });
    }
    const call = {
      index: 0,
      id: 'call_1',
      type: 'function',
      function: { name: 'weather', arguments: '{"city":"Vienna"}' },
    };
    const events = words.includes('weather')
      ? [chunk({ tool_calls: [call] }), chunk({}, 'tool_calls')]
      : [
          chunk({ reasoning_content: 'The person asks for a word. Keep it short.' }),
          ...ANSWER.split(/(?<=\s)/).map((content) => chunk({ content })),
          ...(words.includes('break') ? [] : [chunk({}, 'stop')]),
        ];
    const usage = { prompt_tokens: 21, completion_tokens: 85, cost: 0.00122 };
    const ends = words.includes('break') ? [] : [JSON.stringify({ choices: [], usage }), '[DONE]'];
    return route.fulfill({
      status: 200,
      headers: { ...headers, 'content-type': 'text/event-stream' },
      body: [...events.map((one) => JSON.stringify(one)), ...ends]
        .map((data) => `data: ${data}\n\n`)
        .join(''),
    });
  });
  return asked;
}
