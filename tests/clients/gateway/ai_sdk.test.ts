// Vercel's AI SDK, by each of its providers, with models of every provider protocol.

import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, isStepCount, type LanguageModel, streamText, tool } from 'ai';
import { z } from 'zod';

import { apiKey, baseURL, type Client, check, headers, type Look, root, weather } from './matrix.ts';

type Options = NonNullable<Parameters<typeof streamText>[0]['providerOptions']>;

const looking = (look: Look) => ({
  stopWhen: isStepCount(5),
  maxRetries: 0,
  tools: {
    get_weather: tool({
      description: weather.description,
      inputSchema: z.object({ location: z.string() }),
      execute: async (at) => look(at),
    }),
  },
});

// An error in a stream does not reject `text`; it must end the test all the same.
function stream(request: Parameters<typeof streamText>[0]) {
  let failed: unknown;
  const result = streamText({
    ...request,
    onError({ error }) {
      failed = error;
    },
  });
  return {
    async told() {
      let text = '';
      for await (const piece of result.textStream) text += piece;
      if (failed) throw failed;
      const { inputTokens, outputTokens } = await result.usage;
      const thinking = (await result.steps).map((step) => step.reasoningText ?? '').join('');
      return { text, input: inputTokens, output: outputTokens, thinking };
    },
  };
}

// With `think`, what the client's users set so that the model thinks.
function client(make: (model: string) => LanguageModel, think?: Options): Client {
  const asked: Client = {
    async plain(name, prompt) {
      const { text, usage } = await generateText({ model: make(name), prompt, maxRetries: 0 });
      return { text, input: usage.inputTokens, output: usage.outputTokens };
    },
    streamed: (name, prompt) => stream({ model: make(name), prompt, maxRetries: 0 }).told(),
    async loop(name, prompt, look) {
      return { text: (await generateText({ model: make(name), prompt, ...looking(look) })).text };
    },
    streamedLoop: (name, prompt, look) =>
      stream({ model: make(name), prompt, ...looking(look) }).told(),
  };
  if (think) {
    asked.thinkingLoop = (name, prompt, look) =>
      stream({ model: make(name), prompt, providerOptions: think, ...looking(look) }).told();
  }
  return asked;
}

const openai = createOpenAI({ baseURL, apiKey, headers });
const anthropic = createAnthropic({ baseURL, apiKey, headers });
const google = createGoogleGenerativeAI({ baseURL: `${root}/v1beta`, apiKey, headers });
const named = { name: 'doteb', includeUsage: true };
const compatible = createOpenAICompatible({ ...named, baseURL, apiKey, headers });

const openaiThinks = { store: false, reasoningEffort: 'low', reasoningSummary: 'auto' };
// The SDK knows OpenAI's reasoning models by name and drops the options for any other.
const forced = { ...openaiThinks, forceReasoning: true, include: ['reasoning.encrypted_content'] };
check('ai openai responses', client(openai, { openai: forced }));
check('ai openai chat', client(openai.chat));
check('ai openai-compatible', client(compatible, { doteb: { reasoningEffort: 'low' } }));
check(
  'ai anthropic',
  client(anthropic, { anthropic: { thinking: { type: 'enabled', budgetTokens: 2048 } } }),
);
check(
  'ai google',
  client(google, { google: { thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 } } }),
);
