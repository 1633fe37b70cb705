// Code that people paste. The key is always named by its environment variable, never written out.
import type { RequestDetail } from '@/api/client';

export const KEY_VARIABLE = 'LLM_GATEWAY_API_KEY';
export const LANGUAGES = ['curl', 'Python', 'TypeScript', 'LiteLLM'] as const;
export type Language = (typeof LANGUAGES)[number];

export function envLine(key: string): string {
  return `${KEY_VARIABLE}=${key}`;
}

export function snippet(language: Language, baseUrl: string, model: string): string {
  switch (language) {
    case 'curl':
      return curl(baseUrl, { model, messages: [{ role: 'user', content: 'Hello!' }] });
    case 'Python':
      return `import os
from openai import OpenAI

client = OpenAI(
    base_url="${baseUrl}",
    api_key=os.environ["${KEY_VARIABLE}"],
)

response = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Hello!"}],
)
print(response.choices[0].message.content)`;
    case 'TypeScript':
      return `import OpenAI from "openai";

const client = new OpenAI({
  baseURL: "${baseUrl}",
  apiKey: process.env.${KEY_VARIABLE},
});

const completion = await client.chat.completions.create({
  model: "${model}",
  messages: [{ role: "user", content: "Hello!" }],
});
console.log(completion.choices[0].message.content);`;
    // The library strips one leading openai/ and speaks OpenAI to the base URL.
    case 'LiteLLM':
      return `import os
import litellm

response = litellm.completion(
    model="openai/${model}",
    messages=[{"role": "user", "content": "Hello!"}],
    api_base="${baseUrl}",
    api_key=os.environ["${KEY_VARIABLE}"],
)
print(response.choices[0].message.content)`;
  }
}

/** The request with its parameters; its content is not kept, so a placeholder stands for it. */
export function requestAsCurl(request: RequestDetail, baseUrl: string): string {
  const { model: _model, messages: _messages, ...params } = request.params ?? {};
  return curl(baseUrl, {
    model: request.requested_model ?? request.model ?? '',
    messages: [{ role: 'user', content: '…' }],
    ...params,
    ...(request.streamed ? { stream: true } : {}),
  });
}

/** A chat completion as code: its body as it is, in the language's own literals. */
export function requestCode(
  language: Language,
  baseUrl: string,
  body: Record<string, unknown>,
): string {
  switch (language) {
    case 'curl':
      return curl(baseUrl, body);
    case 'Python':
      return `import os
from openai import OpenAI

client = OpenAI(
    base_url="${baseUrl}",
    api_key=os.environ["${KEY_VARIABLE}"],
)

response = client.chat.completions.create(
${named(body)})
print(response.choices[0].message)`;
    case 'TypeScript':
      return `import OpenAI from "openai";

const client = new OpenAI({
  baseURL: "${baseUrl}",
  apiKey: process.env.${KEY_VARIABLE},
});

const completion = await client.chat.completions.create(${JSON.stringify(body, null, 2)});
console.log(completion.choices[0].message);`;
    case 'LiteLLM':
      return `import os
import litellm

response = litellm.completion(
${named({ ...body, model: `openai/${body.model}` })}    api_base="${baseUrl}",
    api_key=os.environ["${KEY_VARIABLE}"],
)
print(response.choices[0].message)`;
  }
}

const named = (body: Record<string, unknown>) =>
  Object.entries(body)
    .map(([name, value]) => `    ${name}=${python(value, '    ')},\n`)
    .join('');

// JSON is Python but for three words; a string's escapes mean the same in both.
function python(value: unknown, indent: string): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}    `;
  const items = Array.isArray(value)
    ? value.map((one) => python(one, inner))
    : Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${python(one, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const line = `${open}${items.join(', ')}${close}`;
  if (line.length <= 72 && !line.includes('\n')) return line;
  return `${open}\n${items.map((one) => `${inner}${one},\n`).join('')}${indent}${close}`;
}

function curl(baseUrl: string, body: object): string {
  const fields = Object.entries(body).map(
    ([name, value]) => `    ${JSON.stringify(name)}: ${spaced(value)}`,
  );
  const json = `{\n${fields.join(',\n')}\n  }`.replaceAll("'", "'\\''");
  return `curl ${baseUrl}/chat/completions \\
  -H "Authorization: Bearer $${KEY_VARIABLE}" \\
  -H "Content-Type: application/json" \\
  -d '${json}'`;
}

// JSON on one line, a space after each comma. A line break is never inside a string.
function spaced(value: unknown): string {
  return JSON.stringify(value, null, 1)
    .replace(/(?<=[[{])\n\s*|\n\s*(?=[\]}])/g, '')
    .replace(/\n\s*/g, ' ');
}
