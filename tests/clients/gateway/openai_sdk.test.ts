// OpenAI's Node SDK, by chat and by Responses, with models of every provider protocol.

import OpenAI from 'openai';
import type { ResponseInput, ResponseInputItem } from 'openai/resources/responses/responses';

import { apiKey, baseURL, check, headers, type Look, type Told, weather } from './matrix.ts';

const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, defaultHeaders: headers });
const messages = (content: string) => [{ role: 'user' as const, content }];

function tools(look: Look) {
  const run = { parse: JSON.parse, function: look };
  return [{ type: 'function' as const, function: { ...weather, ...run } }];
}

check('openai chat', {
  async plain(model, text) {
    const answer = await client.chat.completions.create({ model, messages: messages(text) });
    return {
      text: answer.choices[0]!.message.content!,
      input: answer.usage?.prompt_tokens,
      output: answer.usage?.completion_tokens,
    };
  },
  async streamed(model, text) {
    const told: Told = { text: '' };
    const request = { model, messages: messages(text), stream: true as const };
    const stream = client.chat.completions.stream({
      ...request,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) told.text += chunk.choices[0]?.delta.content ?? '';
    const usage = await stream.totalUsage();
    return { ...told, input: usage.prompt_tokens, output: usage.completion_tokens };
  },
  async loop(model, text, look) {
    const request = { model, messages: messages(text), tools: tools(look) };
    return { text: (await client.chat.completions.runTools(request).finalContent())! };
  },
  async streamedLoop(model, text, look) {
    const request = { model, messages: messages(text), tools: tools(look), stream: true as const };
    return { text: (await client.chat.completions.runTools(request).finalContent())! };
  },
});

// A loop as agents write it: what came out goes back in, nothing is stored.
async function respond(model: string, text: string, look: Look, streamed: boolean): Promise<Told> {
  const input: ResponseInput = messages(text);
  let thinking = '';
  for (;;) {
    const request = {
      model,
      input,
      store: false,
      include: ['reasoning.encrypted_content' as const],
      reasoning: { effort: 'low' as const, summary: 'auto' as const },
      tools: [{ type: 'function' as const, ...weather, strict: true }],
    };
    const answer = streamed
      ? await client.responses.stream(request).finalResponse()
      : await client.responses.create(request);
    for (const item of answer.output) {
      const { parsed, parsed_arguments, ...plain } = item as unknown as Record<string, unknown>;
      input.push(plain as unknown as ResponseInputItem);
      if (item.type === 'reasoning') thinking += item.summary.map((s) => s.text).join('');
    }
    const calls = answer.output.filter((item) => item.type === 'function_call');
    if (calls.length === 0) return { text: answer.output_text, thinking };
    for (const { call_id, arguments: args } of calls) {
      const output = look(JSON.parse(args));
      input.push({ type: 'function_call_output', call_id, output });
    }
  }
}

check('openai responses', {
  async plain(model, text) {
    const answer = await client.responses.create({ model, input: text, store: false });
    const { input_tokens: input, output_tokens: output } = answer.usage!;
    return { text: answer.output_text, input, output };
  },
  async streamed(model, text) {
    const stream = client.responses.stream({ model, input: text, store: false });
    let said = '';
    for await (const event of stream) {
      if (event.type === 'response.output_text.delta') said += event.delta;
    }
    const { input_tokens: input, output_tokens: output } = (await stream.finalResponse()).usage!;
    return { text: said, input, output };
  },
  loop: (model, text, look) => respond(model, text, look, false),
  streamedLoop: (model, text, look) => respond(model, text, look, true),
  thinkingLoop: (model, text, look) => respond(model, text, look, true),
});
