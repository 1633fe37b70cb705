// What the settings make of a request, in the words of chat completions. Pure.

/** The settings as typed: empty is the model's own default. */
export type Settings = {
  system: string;
  temperature: string;
  maxTokens: string;
  effort: string;
  tools: string;
  schema: string;
};

export const NO_SETTINGS: Settings = {
  system: '',
  temperature: '',
  maxTokens: '',
  effort: '',
  tools: '',
  schema: '',
};

export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'] as const;

export type ToolCall = {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
};

export type Message =
  | { role: 'system' | 'user'; content: string }
  | { role: 'assistant'; content: string | null; tool_calls?: ToolCall[] }
  | { role: 'tool'; tool_call_id: string; content: string };

export type Faults = Partial<Record<keyof Settings, string>>;

/** What is wrong with the settings, by field. */
export function faultsOf(settings: Settings): Faults {
  const { temperature, maxTokens, tools, schema } = settings;
  const faults: Faults = {};
  const t = Number(temperature);
  if (temperature.trim() && !(t >= 0 && t <= 2)) faults.temperature = 'A number from 0 to 2.';
  if (maxTokens.trim() && !/^[1-9]\d{0,6}$/.test(maxTokens.trim()))
    faults.maxTokens = 'A whole number from 1.';
  const list = parsed(tools);
  if (list instanceof Error) faults.tools = list.message;
  else if (list !== undefined && !(Array.isArray(list) && list.every(isTool)))
    faults.tools = 'A list of tools, each with a name and parameters.';
  const object = parsed(schema);
  if (object instanceof Error) faults.schema = object.message;
  else if (object !== undefined && !isObject(object)) faults.schema = 'A JSON schema: an object.';
  return faults;
}

/** The request's body; the settings have no faults. */
export function bodyOf(model: string, settings: Settings, messages: Message[]) {
  const { system, temperature, maxTokens, effort, tools, schema } = settings;
  const list = parsed(tools) as object[] | undefined;
  const object = parsed(schema);
  const first: Message[] = system.trim() ? [{ role: 'system', content: system }] : [];
  return {
    model,
    messages: [...first, ...messages],
    ...(temperature.trim() && { temperature: Number(temperature) }),
    ...(maxTokens.trim() && { max_completion_tokens: Number(maxTokens) }),
    ...(effort && { reasoning_effort: effort }),
    ...(list && { tools: list.map(asTool) }),
    ...(object !== undefined && {
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', strict: true, schema: object },
      },
    }),
  };
}

function parsed(text: string): unknown {
  if (!text.trim()) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    return new Error(`This is not JSON: ${(error as Error).message}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// A function alone will do; the protocol wants it wrapped.
function isTool(value: unknown): boolean {
  if (!isObject(value)) return false;
  const named = isObject(value.function) ? value.function : value;
  return typeof named.name === 'string' && named.name !== '';
}

function asTool(value: object): object {
  return 'function' in value || 'type' in value ? value : { type: 'function', function: value };
}
