// What every JavaScript client is asked, with a model of each provider protocol. A client's file says
// only how its users write it (`Client`); what must come of it stands here. Started by
// tests/blackbox/test_js_clients.py, which then holds the ledger's rows against the provider's records.

import assert from 'node:assert/strict';
import { test } from 'node:test';

export interface Told {
  text: string;
  input?: number | undefined;
  output?: number | undefined;
  thinking?: string | undefined;
}

export interface Weather {
  location: string;
}

export type Look = (at: Weather) => string;

export interface Client {
  plain(model: string, text: string): Promise<Told>;
  streamed(model: string, text: string): Promise<Told>;
  loop(model: string, text: string, look: Look): Promise<Told>;
  streamedLoop(model: string, text: string, look: Look): Promise<Told>;
  // Says what it thought, which the client must carry through a loop of tools.
  thinkingLoop?(model: string, text: string, look: Look): Promise<Told>;
}

const models: [string, string][] = Object.entries(JSON.parse(process.env.DOTEB_MODELS!));

export const baseURL = process.env.DOTEB_BASE_URL!;
export const root = baseURL.replace(/\/v1$/, '');
export const apiKey = process.env.LLM_GATEWAY_API_KEY!;
export const headers = { 'x-no-fallback': 'true' }; // the provider under test, no other

export const weather = {
  name: 'get_weather',
  description: 'Get the weather for a location',
  parameters: {
    type: 'object' as const,
    properties: { location: { type: 'string' as const } },
    required: ['location'],
    additionalProperties: false,
  },
};

const COUNTED = '[sim tokens_in=321 tokens_out=45]';
const call = (n: string, location: string) =>
  `call${n}=get_weather args${n}=${JSON.stringify(JSON.stringify({ location }))}`;
const TWICE = `How is it outside? [sim ${call('', 'Tokyo')} ${call('2', 'Kraków "Rynek"')}]`;
const PONDERED = TWICE.replace('[sim', '[sim thinking="I ponder"');

function counted(told: Told, words: string) {
  assert.ok(told.text.endsWith(words), told.text);
  assert.deepEqual([told.input, told.output], [321, 45]);
}

// Two calls, one after the other, each with its result; the answer tells of the last.
async function looped(run: Client['loop'], model: string, text: string) {
  const asked: string[] = [];
  const told = await run(model, text, ({ location }) => {
    asked.push(location);
    return `${20 + asked.length} degrees and sunny`;
  });
  assert.deepEqual(asked, ['Tokyo', 'Kraków "Rynek"']);
  assert.match(told.text, /22 degrees and sunny/);
  return told;
}

export function check(name: string, client: Client) {
  for (const [protocol, model] of models) {
    const at = (what: string) => `${name} > ${protocol}: ${what}`;
    test(at('plain'), async () => {
      counted(await client.plain(model, `Hello! ${COUNTED}`), 'Hello!');
    });
    test(at('streamed'), async () => {
      counted(await client.streamed(model, `Write a story, naïve 🙂 ${COUNTED}`), 'naïve 🙂');
    });
    test(at('tool loop'), async () => {
      await looped(client.loop.bind(client), model, TWICE);
    });
    test(at('tool loop streamed'), async () => {
      await looped(client.streamedLoop.bind(client), model, TWICE);
    });
    if (client.thinkingLoop) {
      test(at('tool loop with thinking'), async () => {
        const told = await looped(client.thinkingLoop!.bind(client), model, PONDERED);
        assert.match(told.thinking!, /I ponder/);
      });
    }
  }
}
