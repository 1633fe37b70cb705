// LangChain's ChatOpenAI, by chat and by Responses, with models of every provider protocol.

import { type AIMessageChunk, type BaseMessage, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';

import { apiKey, baseURL, type Client, check, headers, type Look, type Told, weather } from './matrix.ts';

const tools = [{ type: 'function' as const, function: weather }];

function told(message: AIMessageChunk): Told {
  const { input_tokens: input, output_tokens: output } = message.usage_metadata ?? {};
  return { text: message.text, input, output };
}

function client(useResponsesApi: boolean): Client {
  const chat = (model: string) =>
    new ChatOpenAI({
      model,
      apiKey,
      useResponsesApi,
      maxRetries: 0,
      configuration: { baseURL, defaultHeaders: headers },
    });
  async function joined(stream: AsyncIterable<AIMessageChunk>) {
    let whole: AIMessageChunk | undefined;
    for await (const chunk of stream) whole = whole ? whole.concat(chunk) : chunk;
    return whole!;
  }
  async function loop(model: string, text: string, look: Look, streamed: boolean): Promise<Told> {
    const bound = chat(model).bindTools(tools);
    const messages: BaseMessage[] = [new HumanMessage(text)];
    for (;;) {
      const message = streamed
        ? await joined(await bound.stream(messages))
        : await bound.invoke(messages);
      messages.push(message);
      if (!message.tool_calls?.length) return told(message);
      for (const { id, args } of message.tool_calls) {
        const content = look(args as { location: string });
        messages.push(new ToolMessage({ tool_call_id: id!, content }));
      }
    }
  }
  return {
    plain: async (model, text) => told(await chat(model).invoke(text)),
    streamed: async (model, text) => told(await joined(await chat(model).stream(text))),
    loop: (model, text, look) => loop(model, text, look, false),
    streamedLoop: (model, text, look) => loop(model, text, look, true),
  };
}

check('langchain chat', client(false));
check('langchain responses', client(true));
