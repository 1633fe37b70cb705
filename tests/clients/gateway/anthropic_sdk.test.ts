// Anthropic's Node SDK, with models of every provider protocol.

import Anthropic from '@anthropic-ai/sdk';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { z } from 'zod';

import { apiKey, check, headers, type Look, type Told, root, weather } from './matrix.ts';

const client = new Anthropic({ baseURL: root, apiKey, maxRetries: 0, defaultHeaders: headers });
const user = (content: string) => ({ role: 'user' as const, content });
const wordsOf = (content: { type: string }[]) =>
  content.map((block) => (block.type === 'text' ? (block as { text?: string }).text : '')).join('');

function told(message: Anthropic.Message): Told {
  const { input_tokens: input, output_tokens: output } = message.usage;
  const thinking = message.content.map((b) => (b.type === 'thinking' ? b.thinking : '')).join('');
  return { text: wordsOf(message.content), input, output, thinking };
}

async function loop(model: string, text: string, look: Look, thinks: boolean): Promise<Told> {
  const messages: Anthropic.MessageParam[] = [user(text)];
  const { parameters: input_schema, ...named } = weather;
  let thought = '';
  for (;;) {
    const stream = client.messages.stream({
      model,
      max_tokens: 4096,
      messages,
      tools: [{ ...named, input_schema }],
      ...(thinks && { thinking: { type: 'enabled', budget_tokens: 2048 } }),
    });
    const message = await stream.finalMessage();
    messages.push({ role: 'assistant', content: message.content });
    thought += told(message).thinking;
    if (message.stop_reason !== 'tool_use') return { ...told(message), thinking: thought };
    const calls = message.content.filter((block) => block.type === 'tool_use');
    const content = calls.map((use) => {
      const answer = look(use.input as { location: string });
      return { type: 'tool_result' as const, tool_use_id: use.id, content: answer };
    });
    messages.push({ role: 'user', content });
  }
}

check('anthropic', {
  async plain(model, text) {
    return told(await client.messages.create({ model, max_tokens: 1000, messages: [user(text)] }));
  },
  async streamed(model, text) {
    const request = { model, max_tokens: 1000, messages: [user(text)] };
    const stream = client.messages.stream(request);
    let said = '';
    stream.on('text', (piece) => {
      said += piece;
    });
    return { ...told(await stream.finalMessage()), text: said };
  },
  // The SDK's own loop. It belongs to the beta part: `?beta=true` and a header of betas.
  async loop(model, text, look) {
    const message = await client.beta.messages.toolRunner({
      model,
      max_tokens: 1000,
      messages: [user(text)],
      tools: [
        betaZodTool({
          name: weather.name,
          description: weather.description,
          inputSchema: z.object({ location: z.string() }),
          run: async (at) => look(at),
        }),
      ],
    });
    return { text: wordsOf(message.content) };
  },
  streamedLoop: (model, text, look) => loop(model, text, look, false),
  thinkingLoop: (model, text, look) => loop(model, text, look, true),
});
