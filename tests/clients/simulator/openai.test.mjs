// OpenAI's own Node SDK takes the simulator for OpenAI.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';

import { start } from './simulator.mjs';

const model = 'gpt-test';
const user = (content) => [{ role: 'user', content }];
const tool = {
  type: 'function',
  function: {
    name: 'look_up_weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 2 } },
      required: ['city', 'days'],
    },
  },
};

let sim;
let client;

before(async () => {
  sim = await start();
  client = new OpenAI({ baseURL: sim.baseURL, apiKey: 'sk-any', maxRetries: 0 });
});

after(() => sim.stop());

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const said = (chunks, index = 0) =>
  chunks
    .flatMap((c) => c.choices)
    .filter((c) => c.index === index)
    .map((c) => c.delta.content ?? '')
    .join('');

test('plain', async () => {
  const answer = await client.chat.completions.create({ model, messages: user('How are you?') });
  const [choice] = answer.choices;
  assert.equal(answer.object, 'chat.completion');
  assert.equal(choice.finish_reason, 'stop');
  assert.match(choice.message.content, /simulator.*How are you\?$/);
  assert.equal(answer.usage.completion_tokens, choice.message.content.split(' ').length);
  assert.match(answer._request_id, /^req_/);
});

test('stream with usage adds up to the plain answer', async () => {
  const plain = await client.chat.completions.create({ model, messages: user('one two') });
  const chunks = await collect(
    await client.chat.completions.create({
      model,
      messages: user('one two'),
      stream: true,
      stream_options: { include_usage: true },
    }),
  );
  assert.equal(said(chunks), plain.choices[0].message.content);
  assert.deepEqual(chunks.at(-1).usage, plain.usage);
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.ok(chunks.slice(0, -1).every((c) => c.usage === null));
});

test('stream helper', async () => {
  const deltas = [];
  const runner = client.chat.completions.stream({ model, messages: user('x') });
  runner.on('content', (delta) => deltas.push(delta));
  const final = await runner.finalChatCompletion();
  assert.equal(deltas.join(''), final.choices[0].message.content);
});

for (const stream of [false, true]) {
  test(`tools in two steps, stream: ${stream}`, async () => {
    const messages = user('Weather? [sim tools=2]');
    const request = { model, messages, tools: [tool] };
    const first = stream
      ? await client.chat.completions.stream(request).finalChatCompletion()
      : await client.chat.completions.create(request);
    const { message, finish_reason } = first.choices[0];
    assert.equal(finish_reason, 'tool_calls');
    assert.equal(message.tool_calls.length, 2);
    for (const call of message.tool_calls) {
      assert.equal(call.function.name, 'look_up_weather');
      assert.deepEqual(JSON.parse(call.function.arguments), { city: 'simulated', days: 2 });
    }
    const second = await client.chat.completions.create({
      model,
      tools: [tool],
      messages: [
        ...messages,
        message,
        ...message.tool_calls.map((c, i) => ({
          role: 'tool',
          tool_call_id: c.id,
          content: `21 degrees (${i})`,
        })),
      ],
    });
    assert.match(second.choices[0].message.content, /21 degrees \(1\)/);
  });
}

test('runTools ends', async () => {
  const asked = [];
  const runner = client.chat.completions.runTools({
    model,
    messages: user('[sim tools=1]'),
    tools: [
      {
        type: 'function',
        function: {
          name: 'look_up_weather',
          parameters: tool.function.parameters,
          parse: JSON.parse,
          function: (args) => {
            asked.push(args);
            return 'sunny';
          },
        },
      },
    ],
  });
  assert.match(await runner.finalContent(), /sunny/);
  assert.deepEqual(asked, [{ city: 'simulated', days: 2 }]);
});

test('json schema', async () => {
  const Person = z.object({
    name: z.string(),
    happy: z.boolean(),
    pets: z.array(z.object({ name: z.string(), legs: z.number().int().min(2) })),
    nickname: z.string().nullable(),
  });
  const answer = await client.chat.completions.parse({
    model,
    messages: user('Who?'),
    response_format: zodResponseFormat(Person, 'person'),
  });
  assert.equal(answer.choices[0].message.parsed.pets[0].legs, 2);
});

test('choices and logprobs', async () => {
  const request = { model, messages: user('hello'), n: 2, logprobs: true, max_tokens: 3 };
  const plain = await client.chat.completions.create(request);
  const chunks = await collect(
    await client.chat.completions.create({ ...request, stream: true }),
  );
  for (const choice of plain.choices) {
    assert.equal(said(chunks, choice.index), choice.message.content);
    assert.equal(choice.logprobs.content.map((t) => t.token).join(''), choice.message.content);
    assert.equal(choice.finish_reason, 'length');
  }
});

test('models', async () => {
  const ids = (await client.models.list()).data.map((m) => m.id);
  assert.equal((await client.models.retrieve(ids[0])).id, ids[0]);
  await assert.rejects(client.models.retrieve('sim-missing-1'), OpenAI.NotFoundError);
});

for (const [words, kind, status, code] of [
  ['status=400', OpenAI.BadRequestError, 400, 'invalid_value'],
  ['status=401', OpenAI.AuthenticationError, 401, 'invalid_api_key'],
  ['status=403', OpenAI.PermissionDeniedError, 403, 'unsupported_country_region_territory'],
  ['status=404', OpenAI.NotFoundError, 404, 'model_not_found'],
  ['status=429', OpenAI.RateLimitError, 429, 'rate_limit_exceeded'],
  ['status=500', OpenAI.InternalServerError, 500, null],
  ['status=503 body=html', OpenAI.InternalServerError, 503, undefined],
]) {
  test(`error: ${words}`, async () => {
    const call = client.chat.completions.create({ model, messages: user(`[sim ${words}]`) });
    await assert.rejects(call, (e) => {
      assert.ok(e instanceof kind, e);
      assert.equal(e.status, status);
      assert.equal(e.code, code);
      return true;
    });
  });
}

test('a missing model and a wrong key', async () => {
  const missing = client.chat.completions.create({ model: 'sim-missing', messages: user('hi') });
  await assert.rejects(missing, { status: 404, code: 'model_not_found' });
  const locked = await start('--api-key', 'sk-right');
  const wrong = new OpenAI({ baseURL: locked.baseURL, apiKey: 'sk-wrong', maxRetries: 0 });
  const call = wrong.chat.completions.create({ model, messages: user('hi') });
  await assert.rejects(call, OpenAI.AuthenticationError);
  await locked.stop();
});

test('retries reach the answer', async () => {
  const { last_seq: since } = await sim.get('/_sim/counters');
  const patient = new OpenAI({ baseURL: sim.baseURL, apiKey: 'sk-any', maxRetries: 2 });
  await patient.chat.completions.create({
    model,
    messages: user('[sim fail_first=2:503 tag=node-retries retry_after_ms=5]'),
  });
  const records = await sim.get(`/_sim/requests?since=${since}`);
  assert.deepEqual(records.map((r) => r.status), [503, 503, 200]);
});

for (const words of ['error_in_200=1', 'error_chunk=3', 'cut_chunk=3', 'cut_byte=500 reset=1']) {
  test(`broken stream: ${words}`, async () => {
    const messages = user(`[sim ${words}]`);
    await assert.rejects(async () =>
      collect(await client.chat.completions.create({ model, messages, stream: true })),
    );
  });
}

for (const words of ['crlf=1', 'comment=1', 'drip_us=5', 'split=7', 'long_line=300000', 'no_done=1',
  'usage=every', 'text="grüße 😀" chunk_bytes=1 split=1']) {
  test(`odd stream: ${words}`, async () => {
    const messages = user(`[sim ${words}]`);
    const plain = await client.chat.completions.create({ model, messages });
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    assert.equal(said(await collect(stream)), plain.choices[0].message.content);
  });
}
