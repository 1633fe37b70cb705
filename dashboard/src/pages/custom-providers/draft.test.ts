import { expect, test } from 'vitest';
import type { CustomProvider } from '@/api/customProviders';
import { draftOf, isPrivate, modelsOf, newModel, target } from './draft';

const provider: CustomProvider = {
  id: '0',
  etag: 'e',
  slug: 'lab',
  name: 'Lab',
  protocol: 'openai',
  base_url: 'https://lab.example/v1/',
  provider_keys: 0,
  created_at: '2026-07-01T00:00:00.000Z',
  models: [
    {
      id: 'llama',
      upstream_id: 'org/llama:8b',
      name: 'llama',
      context: 8192,
      max_output: null,
      capabilities: ['streaming'],
      price_per_million: { input: '0.5', output: '0', cached_input: null },
    },
  ],
};

test('what is edited and not changed is the same again', () => {
  expect(modelsOf(draftOf(provider).models)).toEqual([
    {
      id: 'llama',
      upstream_id: 'org/llama:8b',
      name: null,
      context: 8192,
      max_output: null,
      capabilities: ['streaming'],
      price_per_million: { input: '0.5', output: '0', cached_input: null },
    },
  ]);
});

test('a new model needs its name only', () => {
  const [model] = modelsOf([newModel(' qwen3 ', 4096)]);
  expect(model?.upstream_id).toBe('qwen3');
  expect(model?.id).toBe(null);
  expect(model?.context).toBe(4096);
  expect(model?.price_per_million).toEqual({ input: null, output: null, cached_input: null });
});

test('where requests go, and whether that is a private place', () => {
  expect(target(provider)).toBe('https://lab.example/v1/chat/completions');
  expect(target({ base_url: 'http://x', protocol: 'anthropic' })).toBe('http://x/messages');
  for (const url of [
    'http://localhost:11434/v1',
    'http://10.1.2.3',
    'https://[::1]:80/',
    'http://172.20.0.1',
  ])
    expect(isPrivate(url), url).toBe(true);
  for (const url of ['https://llm.example.com/v1', 'http://172.32.0.1', 'http://110.1.1.1', ''])
    expect(isPrivate(url), url).toBe(false);
});
