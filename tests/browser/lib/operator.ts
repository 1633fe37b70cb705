// The operator's pages: what the fake control API says of the instance, and their views; see views.ts.
import type { Route } from 'playwright-core';
import type { components } from '../../../dashboard/src/api/schema.d.ts';
import type { View } from './views.ts';

type Schemas = components['schemas'];
type Offer = Schemas['InstanceOffer'];
type Organisation = Schemas['InstanceOrganisation'];
type Version = Schemas['CatalogueVersion'];
type Change = Schemas['CatalogueChange'];

const id = (kind: string, n: number) =>
  `00000000-0000-7abc-${kind}abc-${`${n}`.padStart(12, '0')}`.slice(0, 36);
const ETAG = 'ab'.repeat(16);

const MODELS: [string, string, string, string, string, string][] = [
  ['claude-sonnet-4-5', 'Claude Sonnet 4.5', 'anthropic', 'Anthropic', '0.000003', '0.000015'],
  ['claude-sonnet-4-5', 'Claude Sonnet 4.5', 'aws-bedrock', 'AWS Bedrock', '0.000003', '0.000015'],
  ['deepseek-v3.2', 'DeepSeek V3.2', 'deepseek', 'DeepSeek', '0.00000028', '0.00000042'],
  ['gemini-2.5-flash', 'Gemini 2.5 Flash', 'google', 'Google', '0.0000003', '0.0000025'],
  ['gpt-5', 'GPT-5', 'openai', 'OpenAI', '0.00000125', '0.00001'],
  ['gpt-5-mini', 'GPT-5 mini', 'openai', 'OpenAI', '0.00000025', '0.000002'],
  ['mistral-large-3', 'Mistral Large 3', 'mistral', 'Mistral', '0.000002', '0.000006'],
];

export const OFFERS: Offer[] = MODELS.map(
  ([slug, name, provider, provider_name, input, output], n) => {
    const price = { input, output, cached_input: input.replace('0.0', '0.00') };
    const own = slug === 'gpt-5' ? { input: '0.0000011', output: '0.000009' } : null;
    const off = slug === 'mistral-large-3';
    return {
      id: id('8', n),
      etag: ETAG,
      model: { id: id('9', n), slug, name, enabled: true },
      provider,
      provider_name,
      provider_model: slug,
      region: provider === 'aws-bedrock' ? 'eu-central-1' : null,
      context: 200_000,
      max_output: 64_000,
      usable: true,
      ends_at: null,
      enabled: !off,
      price: own ?? price,
      tiered: slug === 'gemini-2.5-flash',
      catalogue: { enabled: true, price },
      override:
        own || off
          ? { enabled: off ? false : null, price: own, updated_at: '2026-06-30T08:00:00.000Z' }
          : null,
    };
  },
);

const change = (kind: Change['kind'], model: string, more: Partial<Change>): Change => ({
  kind,
  what: 'offer',
  provider: 'openai',
  model,
  region: '',
  name: model,
  old: null,
  new: null,
  fields: [],
  overridden: false,
  ...more,
});

const ITEMS: Change[] = [
  change('changed', 'gpt-5', {
    old: { input: '0.00000125', output: '0.00001', cached_input: '0.000000125' },
    new: { input: '0.00000115', output: '0.00001', cached_input: '0.000000115' },
    overridden: true,
  }),
  change('changed', 'deepseek-v3.2', { provider: 'deepseek', fields: ['context', 'max_output'] }),
  change('added', 'gpt-5.2', { new: { input: '0.00000175', output: '0.000014' } }),
  change('removed', 'gpt-4-32k', { old: { input: '0.00006', output: '0.00012' } }),
];

const version = (n: number, more: Partial<Version>): Version => ({
  id: id('a', n),
  source: 'upload',
  name: 'prices-2026-07.json',
  bytes: 48_210,
  sha256: 'c0ffee'.repeat(11).slice(0, 64),
  prune: false,
  created_at: '2026-07-01T08:00:00.000Z',
  created_by: 'mira@northwind.example',
  looked_at: '2026-07-01T08:00:00.000Z',
  applied_at: '2026-07-01T08:02:00.000Z',
  applied_by: 'mira@northwind.example',
  changes: { added: 1, changed: 2, removed: 1, refused: 0 },
  ...more,
});

const VERSIONS = [
  version(3, {
    source: 'feed',
    name: 'https://prices.example.com/catalogue.json',
    created_by: null,
    applied_at: null,
    applied_by: null,
  }),
  version(2, {}),
  version(1, { name: 'api.json', changes: { added: 812, changed: 96, removed: 0, refused: 4 } }),
];

export const FEED: Schemas['CatalogueFeed'] = {
  id: id('b', 1),
  etag: ETAG,
  url: 'https://prices.example.com/catalogue.json',
  schedule: 'hourly',
  trust: 'signature',
  public_key: 'sFrY0B6SBa7nUsyoGiT8bb5AiiJsVOUl2dsvbCcug2k=',
  pin: '',
  prune: false,
  automatic: false,
  last_fetch: {
    at: '2026-07-01T08:00:00.000Z',
    outcome: 'waiting',
    detail: '',
    version_id: id('a', 3),
    next_at: '2036-07-01T09:00:00.000Z',
  },
};

const organisation = (n: number, name: string, more: Partial<Organisation>): Organisation => ({
  id: id('c', n),
  name,
  is_operator: false,
  created_at: '2026-03-11T08:00:00.000Z',
  archived_at: null,
  suspended_at: null,
  suspended_reason: '',
  platform_keys: false,
  members: 4 + n,
  api_keys: 3 * n,
  requests: 18_200 * n,
  cost: `${121.4 * n}`,
  ...more,
});

const ORGANISATIONS = [
  organisation(6, 'Woodgrove Holding for Consolidated Customer Correspondence (Rotterdam II)', {
    platform_keys: true,
    requests: 1_234_567_890,
    cost: '12345678.901234',
  }),
  organisation(5, 'Contoso Research', {}),
  organisation(4, 'Fabrikam', {
    suspended_at: '2026-06-20T08:00:00.000Z',
    suspended_reason: 'The invoice of May is unpaid.',
  }),
  organisation(3, 'Tailspin', {}),
  organisation(2, 'Adventure Works', { archived_at: '2026-06-01T08:00:00.000Z' }),
  organisation(1, 'Northwind', { is_operator: true }),
];

export const SETTINGS: Schemas['InstanceSettings'] = {
  id: 'settings',
  etag: ETAG,
  sign_up: 'invite',
  sign_up_from: 'environment',
  announcement: '',
  lend_to_new: false,
};

const setting = (name: string, value: string) => ({ name, value, help: 'What it does.' });

const STATE: Schemas['InstanceState'] = {
  created_at: '2026-01-05T08:00:00.000Z',
  database: '15.14',
  version: '0.1.0',
  mail: true,
  mail_waiting: {
    count: 3,
    oldest: '2026-06-30T08:00:00.000Z',
    last_error: 'Login denied: 535 5.7.8 Authentication credentials invalid',
  },
  sealing_key: '3fa1c09be2d45a77',
  migrations: [{ name: '0016_operator.sql', applied_at: '2026-06-30T08:00:00.000Z' }],
  gateways: ['gateway-1', 'gateway-2'].map((host, n) => ({
    id: id('d', n),
    host,
    version: '0.1.0',
    first_seen: '2026-01-05T08:00:00.000Z',
    last_seen: new Date().toISOString(),
  })),
  master_keys: [{ id: '3fa1c09be2d45a77', rows: 6 }],
  retention: [{ days: 30, organisations: 5 }],
  environment: [
    setting('DOTEB_DATABASE_URL', 'set'),
    setting('DOTEB_MASTER_KEY', 'set'),
    setting('DOTEB_PUBLIC_URL', 'https://llm.northwind.example'),
    setting('DOTEB_GATEWAY_URL', 'https://llm.northwind.example/v1'),
    setting('DOTEB_SIGNUP', 'invite'),
    setting('DOTEB_SMTP_URL', 'set'),
    setting('DOTEB_SMTP_FROM', 'doteb <doteb@northwind.example>'),
    setting('DOTEB_BASE_URL_OVERRIDE', 'false'),
    setting('DOTEB_UPSTREAM_ALLOW', ''),
  ],
};

export function operator(
  route: Route,
  method: string,
  path: string,
  query: URLSearchParams,
  empty: boolean,
): Promise<void> {
  const body = method === 'GET' ? {} : (route.request().postDataJSON() ?? {});
  const json = answer(method, path.replace('/instance/', ''), query, empty, body);
  return route.fulfill({
    status: method === 'POST' && path.endsWith('versions') ? 201 : 200,
    json,
  });
}

type Body = Record<string, unknown>;

function answer(method: string, path: string, query: URLSearchParams, empty: boolean, body: Body) {
  const list = (items: unknown[]) => ({ items: empty ? [] : items, next_cursor: null });
  const [collection, one, verb] = path.split('/');
  const q = (query.get('q') ?? '').toLowerCase();
  const changes = { ...VERSIONS[0]?.changes, items: ITEMS, refusals: [] };
  if (collection === 'offers' && one) return OFFERS.find((offer) => offer.id === one);
  if (collection === 'offers') {
    const only = query.get('only');
    return list(
      OFFERS.filter(
        ({ model, override, enabled }) =>
          model.name.toLowerCase().includes(q) &&
          (only !== 'overridden' || override) &&
          (only !== 'off' || !enabled),
      ),
    );
  }
  if (collection === 'models') return { ...OFFERS[0]?.model, etag: ETAG, offers: 1, ...body };
  if (collection === 'catalogue-versions' && (one || method === 'POST')) {
    const found = VERSIONS.find((known) => known.id === one) ?? version(4, { applied_at: null });
    return { ...found, ...(method === 'POST' && !one && { name: body.name }), changes };
  }
  if (collection === 'catalogue-versions') return list(VERSIONS);
  if (collection === 'feed' && !one) return { ...FEED, ...body };
  if (collection === 'feed') return FEED;
  if (collection === 'organisations' && one) {
    const found = ORGANISATIONS.find((known) => known.id === one);
    if (verb === 'lend' || verb === 'withdraw') {
      return { ...found, platform_keys: verb === 'lend' };
    }
    return verb === 'suspend'
      ? { ...found, suspended_at: new Date().toISOString(), suspended_reason: body.reason }
      : { ...found, suspended_at: null, suspended_reason: '' };
  }
  if (collection === 'organisations') {
    return list(ORGANISATIONS.filter(({ name }) => name.toLowerCase().includes(q)));
  }
  return collection === 'settings' ? { ...SETTINGS, ...body } : STATE;
}

const path = (page: string) => (org: string) => `/o/${org}/${page}`;

export const OPERATOR_VIEWS: View[] = [
  { name: 'catalogue', path: path('catalogue'), state: 'filled', ready: 'text=DeepSeek V3.2' },
  {
    name: 'catalogue-loading',
    path: path('catalogue'),
    state: 'loading',
    ready: '[aria-busy=true]',
  },
  {
    name: 'catalogue-empty',
    path: path('catalogue?only=overridden'),
    state: 'empty',
    ready: 'text=Nothing is changed here',
  },
  { name: 'catalogue-error', path: path('catalogue'), state: 'error', ready: '[role=alert]' },
  {
    name: 'catalogue-offer',
    path: path('catalogue'),
    state: 'filled',
    ready: 'text=DeepSeek V3.2',
    act: (page) => page.getByRole('button', { name: 'Edit gpt-5 at openai' }).click(),
  },
  {
    name: 'catalogue-imports',
    path: path('catalogue?tab=imports'),
    state: 'filled',
    ready: 'text=api.json',
  },
  {
    name: 'catalogue-imports-empty',
    path: path('catalogue?tab=imports'),
    state: 'empty',
    ready: 'text=Nothing imported yet',
  },
  {
    name: 'catalogue-import',
    path: path('catalogue?tab=imports'),
    state: 'filled',
    ready: 'text=api.json',
    act: async (page) => {
      await page.getByRole('button', { name: 'Import a file' }).click();
      await page.getByLabel('Or its text').fill('{"models": []}');
    },
  },
  {
    name: 'catalogue-changes',
    path: path('catalogue?tab=imports'),
    state: 'filled',
    ready: 'text=api.json',
    act: async (page) => {
      await page
        .getByRole('button', { name: /^Review: / })
        .first()
        .click();
      await page.getByText('your own price stays').waitFor();
    },
  },
  {
    name: 'catalogue-feed',
    path: path('catalogue?tab=feed'),
    state: 'filled',
    ready: 'text=Waits for you',
  },
  { name: 'organisations', path: path('organisations'), state: 'filled', ready: 'text=Tailspin' },
  {
    name: 'organisations-empty',
    path: path('organisations'),
    state: 'empty',
    ready: 'text=No such organisation',
  },
  {
    name: 'organisations-error',
    path: path('organisations'),
    state: 'error',
    ready: '[role=alert]',
  },
  {
    name: 'organisations-suspend',
    path: path('organisations'),
    state: 'filled',
    ready: 'text=Tailspin',
    act: async (page) => {
      await page.getByRole('button', { name: 'Suspend Tailspin' }).click();
      await page.getByLabel('Reason').fill('The invoice of June is unpaid.');
    },
  },
  {
    name: 'instance-mail',
    path: path('instance'),
    state: 'filled',
    ready: 'text=gateway-2',
    act: (page) => page.getByText('Mail that waits').scrollIntoViewIfNeeded(),
  },
  { name: 'instance', path: path('instance'), state: 'filled', ready: 'text=gateway-2' },
  { name: 'instance-error', path: path('instance'), state: 'error', ready: '[role=alert]' },
];
