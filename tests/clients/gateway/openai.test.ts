// OpenAI's TypeScript SDK against a running gateway: the migration page's example, but for base URL.
// Started by tests/blackbox/test_clients.py, which then looks at the rows of these seven requests.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: process.env.DOTEB_BASE_URL,
  apiKey: process.env.LLM_GATEWAY_API_KEY,
});

const tools: OpenAI.ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'Get the weather for a location',
      parameters: {
        type: 'object',
        properties: { location: { type: 'string' } },
        required: ['location'],
      },
    },
  },
];

test('plain', async () => {
  for (const model of ['gpt-4', 'openai/gpt-4']) {
    const completion = await client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'Hello!' }],
    });
    assert.match(completion.choices[0]!.message.content!, /Hello!$/);
    assert.ok(completion.usage!.completion_tokens > 0);
    assert.match(completion._request_id!, /^[0-9a-f-]{36}$/);
  }
});

test('streamed', async () => {
  for (const model of ['gpt-4', 'openai/gpt-4']) {
    const stream = await client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'Write a story' }],
      stream: true,
    });
    let said = '';
    for await (const chunk of stream) said += chunk.choices[0]!.delta.content ?? '';
    assert.match(said, /Write a story$/);
  }
});

test('tools', async () => {
  const completion = await client.chat.completions.create({
    model: 'openai/gpt-4',
    messages: [{ role: 'user', content: "What's the weather in Tokyo? [sim tools=1]" }],
    tools,
  });
  const [call] = completion.choices[0]!.message.tool_calls!;
  assert.ok(call!.type === 'function' && call.function.name === 'get_weather');
  assert.equal(typeof JSON.parse(call.function.arguments).location, 'string');
});

test('a tool loop of two steps', async () => {
  const asked: string[] = [];
  const runner = client.chat.completions.runTools({
    model: 'gpt-4',
    messages: [{ role: 'user', content: 'How is it outside? [sim tools=1]' }],
    tools: [
      {
        type: 'function',
        function: {
          ...tools[0]!.function,
          parameters: tools[0]!.function.parameters!,
          parse: JSON.parse,
          function: (args: { location: string }) => {
            asked.push(args.location);
            return '21 degrees and sunny';
          },
        },
      },
    ],
  });
  assert.match((await runner.finalContent())!, /21 degrees and sunny/);
  assert.equal(asked.length, 1);
});

test('errors', async () => {
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hello!' }];
  const wrongKey = new OpenAI({ baseURL: process.env.DOTEB_BASE_URL, apiKey: 'sk-doteb-nonsense' });
  await assert.rejects(
    wrongKey.chat.completions.create({ model: 'gpt-4', messages }),
    OpenAI.AuthenticationError,
  );
  await assert.rejects(
    client.chat.completions.create({ model: 'gpt-4-nonsense', messages }),
    (e) => e instanceof OpenAI.NotFoundError && e.code === 'model_not_found',
  );
});
