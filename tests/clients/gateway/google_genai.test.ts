// Google's Gen AI SDK for Node, with models of every provider protocol.

import {
  type CallableTool,
  type GenerateContentConfig,
  type GenerateContentResponse,
  GoogleGenAI,
} from '@google/genai';

import { apiKey, check, headers, type Look, type Told, root, weather } from './matrix.ts';

const ai = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: root, headers } });

// The SDK calls it, sends what it gave, and goes on until the model answers in text.
function callable(look: Look): CallableTool {
  const { parameters: parametersJsonSchema, ...named } = weather;
  return {
    tool: async () => ({ functionDeclarations: [{ ...named, parametersJsonSchema }] }),
    callTool: async (calls) =>
      calls.map(({ id, name, args }) => {
        const output = look(args as unknown as { location: string });
        return { functionResponse: { ...(id && { id }), name: name!, response: { output } } };
      }),
  };
}

function note(told: Told, answer: GenerateContentResponse) {
  for (const part of answer.candidates?.[0]?.content?.parts ?? []) {
    if (part.thought) told.thinking = (told.thinking ?? '') + (part.text ?? '');
    else told.text += part.text ?? '';
  }
  const usage = answer.usageMetadata;
  told.input = usage?.promptTokenCount ?? told.input;
  const said = usage?.candidatesTokenCount;
  if (said !== undefined) told.output = said + (usage?.thoughtsTokenCount ?? 0); // apart, here
}

async function streamed(model: string, contents: string, config: GenerateContentConfig) {
  const told: Told = { text: '' };
  const stream = await ai.models.generateContentStream({ model, contents, config });
  for await (const piece of stream) note(told, piece);
  return told;
}

check('google', {
  async plain(model, contents) {
    const told: Told = { text: '' };
    note(told, await ai.models.generateContent({ model, contents }));
    return told;
  },
  streamed: (model, contents) => streamed(model, contents, {}),
  async loop(model, contents, look) {
    const config = { tools: [callable(look)] };
    return { text: (await ai.models.generateContent({ model, contents, config })).text! };
  },
  streamedLoop: (model, contents, look) => streamed(model, contents, { tools: [callable(look)] }),
  thinkingLoop: (model, contents, look) =>
    streamed(model, contents, {
      tools: [callable(look)],
      thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 },
    }),
});
