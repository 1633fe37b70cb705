// Custom providers: what the fake control API says of them, and the page's views; see views.ts.
import type { Route } from 'playwright-core';
import type { components } from '../../../dashboard/src/api/schema.d.ts';
import type { View } from './views.ts';

type Schemas = components['schemas'];
type Provider = Schemas['CustomProvider'];
type Model = Schemas['CustomModel'];

const model = (id: string, more: Partial<Model> = {}): Model => ({
  id,
  upstream_id: id,
  name: id,
  context: 131072,
  max_output: null,
  capabilities: ['streaming', 'tools', 'json_output', 'json_output_schema'],
  price_per_million: { input: '0', output: '0', cached_input: null },
  ...more,
});

const provider = (n: number, slug: string, more: Partial<Provider>): Provider => ({
  id: `00000000-0000-7cde-8cde-${`${n}`.padStart(12, '0')}`,
  etag: `e${n}`,
  slug,
  name: slug,
  protocol: 'openai',
  base_url: 'https://llm.northwind.example/v1',
  provider_keys: 0,
  models: [],
  created_at: '2026-06-12T08:00:00.000Z',
  ...more,
});

export const CUSTOM = [
  provider(1, 'claims-gateway', {
    name: 'Claims gateway',
    protocol: 'anthropic',
    base_url: 'https://gateway.claims.northwind.example/v1',
    provider_keys: 2,
    models: [
      model('claims-large', {
        price_per_million: { input: '2.4', output: '11', cached_input: '0.24' },
      }),
    ],
  }),
  provider(2, 'rack', {
    name: 'The rack in Ulm',
    models: [
      model('llama-3-70b', { upstream_id: 'meta-llama/Llama-3.3-70B-Instruct' }),
      model('qwen3:32b'),
    ],
  }),
];

const IMPACT: Schemas['CustomProviderImpact'] = {
  requests: 18204,
  cost: '41.87',
  by_key: [
    { id: CUSTOM[0]?.id ?? '', name: 'production backend', last4: 'a1Qz', requests: 17900 },
    { id: CUSTOM[1]?.id ?? '', name: 'nightly evals', last4: 'b2Rt', requests: 304 },
  ],
  by_model: [
    { model: 'rack/llama-3-70b', requests: 18000 },
    { model: 'rack/qwen3:32b', requests: 204 },
  ],
  provider_keys: 0,
  restricted_keys: 1,
};

const FOUND = ['llama3.2:3b', 'qwen3:32b', 'nomic-embed-text'].map((upstream_id) => ({
  upstream_id,
  name: upstream_id,
  context: 8192,
}));

export function custom(route: Route, method: string, path: string, empty: boolean): Promise<void> {
  if (method === 'DELETE') return route.fulfill({ status: 204 });
  if (path.endsWith('/impact')) return route.fulfill({ json: IMPACT });
  if (path.endsWith('/discover')) {
    const { base_url } = route.request().postDataJSON();
    if (!base_url.includes('localhost')) return route.fulfill({ json: { models: FOUND } });
    const detail = 'base_url: its host has a private or otherwise special address.';
    return route.fulfill({
      status: 422,
      json: { type: 'about:blank', title: 'x', status: 422, detail, field: 'base_url' },
    });
  }
  if (method === 'GET') {
    return route.fulfill({ json: { items: empty ? [] : CUSTOM, next_cursor: null } });
  }
  const { slug, name } = route.request().postDataJSON();
  return route.fulfill({
    status: method === 'POST' ? 201 : 200,
    json: provider(3, slug ?? 'rack', { name }),
  });
}

const path = (org: string) => `/o/${org}/custom-providers`;
const ready = 'text=The rack in Ulm';

export const CUSTOM_VIEWS: View[] = [
  { name: 'custom-providers', path, state: 'filled', ready },
  { name: 'custom-providers-empty', path, state: 'empty', ready: 'text=No provider of your own' },
  { name: 'custom-providers-loading', path, state: 'loading', ready: '[aria-busy=true]' },
  { name: 'custom-providers-error', path, state: 'error', ready: '[role=alert]' },
  {
    name: 'custom-providers-add',
    path: (org) => `${path(org)}?provider=new`,
    state: 'filled',
    ready: 'text=Add a provider of your own',
    act: async (page) => {
      await page.getByLabel('Start from').selectOption('Ollama');
      await page.getByLabel('Base URL').fill('https://ollama.northwind.example/v1');
      await page.getByRole('button', { name: 'Ask the server for its models' }).click();
      await page.getByRole('checkbox', { name: 'llama3.2:3b' }).check();
      await page.getByText('Limits and capabilities').click();
    },
  },
  {
    name: 'custom-providers-private',
    path: (org) => `${path(org)}?provider=new`,
    state: 'filled',
    ready: 'text=Add a provider of your own',
    act: async (page) => {
      await page.getByLabel('Start from').selectOption('vLLM');
      await page.getByRole('button', { name: 'Ask the server for its models' }).click();
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'custom-providers-edit',
    path,
    state: 'filled',
    ready,
    act: (page) => page.getByRole('button', { name: 'Edit The rack in Ulm' }).click(),
  },
  {
    name: 'custom-providers-delete',
    path,
    state: 'filled',
    ready,
    act: async (page) => {
      await page.getByRole('button', { name: 'Delete The rack in Ulm' }).click();
      await page.getByText('18,204 requests').waitFor();
    },
  },
];
