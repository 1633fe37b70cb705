// One request to the gateway and its streamed answer, as chat completions stream.
import type { ToolCall } from './body';

export type Usage = {
  prompt_tokens?: number;
  completion_tokens?: number;
  cost?: number;
  prompt_tokens_details?: { cached_tokens?: number } | null;
  completion_tokens_details?: { reasoning_tokens?: number } | null;
};

export type Answer = {
  text: string;
  reasoning: string;
  toolCalls: ToolCall[];
  finish: string | null;
  usage: Usage | null;
  /** The gateway's id of the request, once its head is there. */
  requestId: string | null;
  provider: string | null;
  attempts: number | null;
  /** Milliseconds as this browser saw them. */
  firstMs: number | null;
  totalMs: number | null;
};

export const NO_ANSWER: Answer = {
  text: '',
  reasoning: '',
  toolCalls: [],
  finish: null,
  usage: null,
  requestId: null,
  provider: null,
  attempts: null,
  firstMs: null,
  totalMs: null,
};

/** A refusal or failure in the gateway's words; status 0 when it did not answer at all. */
export class GatewayError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly requestId: string | null = null,
  ) {
    super(message);
  }
}

type Delta = {
  content?: string | null;
  reasoning_content?: string | null;
  reasoning?: string | null;
  tool_calls?: {
    index?: number;
    id?: string;
    function?: { name?: string; arguments?: string };
  }[];
};
type Chunk = {
  error?: { message?: string };
  choices?: { delta?: Delta; finish_reason?: string | null }[];
  usage?: Usage | null;
};

/** The answer with one more event in it. Throws what the stream says went wrong. */
export function take(answer: Answer, data: string): Answer {
  const chunk = JSON.parse(data) as Chunk;
  if (chunk.error) {
    throw new GatewayError(200, chunk.error.message ?? 'The answer broke off.', answer.requestId);
  }
  const choice = chunk.choices?.[0];
  const { content, reasoning_content, reasoning, tool_calls } = choice?.delta ?? {};
  return {
    ...answer,
    text: answer.text + (content ?? ''),
    reasoning: answer.reasoning + (reasoning_content ?? reasoning ?? ''),
    toolCalls: tool_calls ? tool_calls.reduce(addCall, answer.toolCalls) : answer.toolCalls,
    finish: choice?.finish_reason ?? answer.finish,
    usage: chunk.usage ?? answer.usage,
  };
}

function addCall(calls: ToolCall[], part: NonNullable<Delta['tool_calls']>[number]): ToolCall[] {
  const at = part.index ?? calls.length;
  const old = calls[at];
  const call: ToolCall = {
    id: old?.id || part.id || `call_${at}`,
    type: 'function',
    function: {
      name: (old?.function.name ?? '') + (part.function?.name ?? ''),
      arguments: (old?.function.arguments ?? '') + (part.function?.arguments ?? ''),
    },
  };
  return Object.assign([...calls], { [at]: call });
}

/** Cuts a stream of text into the data of its events, however it comes. */
export function eventReader(): (piece: string) => string[] {
  let rest = '';
  return (piece) => {
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    return lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trim());
  };
}

type Ask = {
  baseUrl: string;
  key: string;
  body: object;
  signal: AbortSignal;
  onChange: (answer: Answer) => void;
};

/** The finished answer; throws a GatewayError, or an AbortError when it was stopped. */
export async function ask({ baseUrl, key, body, signal, onChange }: Ask): Promise<Answer> {
  const start = performance.now();
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal,
    credentials: 'omit',
    cache: 'no-store',
  }).catch((cause: Error) => {
    if (cause.name === 'AbortError') throw cause;
    throw new GatewayError(
      0,
      `The gateway at ${baseUrl} did not answer this page. Is it running, and does its DOTEB_CORS_ORIGINS name ${location.origin}?`,
    );
  });
  const requestId = response.headers.get('x-request-id');
  if (!response.ok || !response.body) throw await refusal(response, requestId);
  const attempts = Number(response.headers.get('x-doteb-attempts'));
  let answer: Answer = {
    ...NO_ANSWER,
    requestId,
    provider: response.headers.get('x-doteb-provider'),
    attempts: attempts || null,
  };
  onChange(answer);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const read = eventReader();
  let whole = false;
  for (;;) {
    const { value, done } = await reader.read();
    for (const data of read(done ? '\n' : value)) {
      if (data === '[DONE]') whole = true;
      else if (data) answer = take(answer, data);
      const said = answer.text || answer.reasoning || answer.toolCalls.length > 0;
      if (said && answer.firstMs === null) answer.firstMs = performance.now() - start;
    }
    if (done) break;
    onChange(answer);
  }
  if (!whole) throw new GatewayError(200, 'The answer broke off.', requestId);
  answer = { ...answer, totalMs: performance.now() - start };
  onChange(answer);
  return answer;
}

async function refusal(response: Response, requestId: string | null): Promise<GatewayError> {
  const text = await response.text();
  let message = `The gateway answered ${response.status}.`;
  try {
    message = (JSON.parse(text) as { error?: { message?: string } }).error?.message ?? message;
  } catch {
    // A proxy's page: the status says enough.
  }
  return new GatewayError(response.status, message, requestId);
}
