import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { RequestDetail } from '@/api/client';
import { envLine, LANGUAGES, requestAsCurl, requestCode, snippet } from './snippets';

const BASE = 'http://127.0.0.1:4001/v1';

// What the shell hands to curl, found by running the text with a curl that prints its arguments.
function shellArguments(script: string): string[] {
  const out = execFileSync('sh', ['-c', `curl() { printf '%s\\0' "$@"; }\n${script}`], {
    env: { LLM_GATEWAY_API_KEY: 'sk-doteb-x' },
  });
  return out.toString().split('\0').slice(0, -1);
}

test.each(LANGUAGES)('%s names base URL, model and the variable, and no key', (language) => {
  const text = snippet(language, BASE, 'demo/echo');
  expect(text).toContain(BASE);
  expect(text).toContain('demo/echo');
  expect(text).toContain('LLM_GATEWAY_API_KEY');
  expect(text).not.toContain('sk-');
});

test('the .env line', () => expect(envLine('sk-doteb-x')).toBe('LLM_GATEWAY_API_KEY=sk-doteb-x'));

test('curl is what a shell understands', () => {
  const args = shellArguments(snippet('curl', BASE, 'demo/echo'));
  expect(args[0]).toBe(`${BASE}/chat/completions`);
  expect(args).toContain('Authorization: Bearer sk-doteb-x');
  expect(JSON.parse(args.at(-1) ?? '')).toEqual({
    model: 'demo/echo',
    messages: [{ role: 'user', content: 'Hello!' }],
  });
});

test('a request as curl keeps its parameters, and a quote does not end the string', () => {
  const request = {
    requested_model: "it's",
    model: 'other',
    params: { temperature: 0.7, model: 'overridden' },
    streamed: true,
  } as unknown as RequestDetail;
  const args = shellArguments(requestAsCurl(request, BASE));
  expect(JSON.parse(args.at(-1) ?? '')).toEqual({
    model: "it's",
    messages: [{ role: 'user', content: '…' }],
    temperature: 0.7,
    stream: true,
  });
});

const BODY = {
  model: 'acme/m',
  messages: [
    { role: 'system', content: "It's \u201cquoted\u201d \\ and\non two lines" },
    { role: 'user', content: null },
  ],
  temperature: 0.5,
  tools: [
    { type: 'function', function: { name: 'f', strict: true, parameters: { deep: [1, [], {}] } } },
  ],
};

test.each(['Python', 'LiteLLM'] as const)('%s says the body in its own literals', (language) => {
  const code = requestCode(language, BASE, BODY);
  const call = code.slice(code.indexOf('('), code.lastIndexOf('print'));
  // Python itself reads the arguments back.
  const program = `import json, sys\nclass os: environ = {"LLM_GATEWAY_API_KEY": "x"}\nbase = {}\ndef take(**all): return all\n${code
    .replace(/^(from|import) .*$/gm, '')
    .replace(/client = OpenAI\([\s\S]*?\n\)\n/, '')
    .replace(/(client\.chat\.completions\.create|litellm\.completion)\(/, 'take(')
    .replace(/^print.*$/m, 'print(json.dumps(response))')}`;
  expect(call.length).toBeGreaterThan(20);
  const { api_base, api_key, ...body } = JSON.parse(
    execFileSync('python3', ['-c', program]).toString(),
  );
  const model = language === 'LiteLLM' ? 'openai/acme/m' : 'acme/m';
  expect(body).toEqual({ ...BODY, model });
});

test('curl and TypeScript carry the body as JSON', () => {
  const data = shellArguments(requestCode('curl', BASE, BODY)).at(-1) ?? '';
  expect(JSON.parse(data)).toEqual(BODY);
  const code = requestCode('TypeScript', BASE, BODY);
  const body = code.slice(code.indexOf('create(') + 7, code.lastIndexOf(');\nconsole'));
  expect(JSON.parse(body)).toEqual(BODY);
});
