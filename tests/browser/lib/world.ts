// A month in the life of a small company: 20 models at 6 providers, weekends, one incident. The
// same for the same seed, so that a picture of it can be compared with yesterday's.
import type { components } from '../../../dashboard/src/api/schema.d.ts';
import { makeProviderKeys } from './provider_keys.ts';
import { makeTenant, type Tenant } from './tenant.ts';

type Schemas = components['schemas'];
type Request = Schemas['Request'];

export type World = {
  session: Schemas['Session'];
  account: Schemas['Account'];
  sessions: Schemas['SessionList']['items'];
  providers: Schemas['Provider'][];
  providerKeys: Schemas['ProviderKey'][];
  apiKeys: Schemas['ApiKey'][];
  tenant: Tenant;
  requests: Schemas['RequestDetail'][];
  /** How often each request is counted in sums. */
  times: number;
  usage: (from: Date, to: Date, groupBy: string) => Schemas['Usage'];
};

const PROVIDERS: [id: string, name: string, models: number, usable: boolean][] = [
  ['openai', 'OpenAI', 41, true],
  ['mistral', 'Mistral AI', 18, true],
  ['groq', 'Groq', 14, true],
  ['deepseek', 'DeepSeek', 6, true],
  ['together-ai', 'Together AI', 33, true],
  ['azure', 'Azure', 22, true],
  ['anthropic', 'Anthropic', 15, false],
  ['google-vertex', 'Google Vertex AI', 19, false],
];

// USD per million tokens: input, output, cached input.
const MODELS: [id: string, provider: string, input: number, output: number, cached: number][] = [
  ['gpt-5.2', 'openai', 1.75, 14, 0.175],
  ['gpt-5-mini', 'openai', 0.25, 2, 0.025],
  ['gpt-4o', 'azure', 2.5, 10, 1.25],
  ['gpt-4o-mini', 'openai', 0.15, 0.6, 0.075],
  ['gpt-4.1', 'azure', 2, 8, 0.5],
  ['gpt-4.1-nano', 'openai', 0.1, 0.4, 0.025],
  ['o4-mini', 'openai', 1.1, 4.4, 0.275],
  ['gpt-5', 'openai', 1.25, 10, 0.125],
  ['mistral-large-latest', 'mistral', 2, 6, 0],
  ['mistral-small-2506', 'mistral', 0.1, 0.3, 0],
  ['codestral-2508', 'mistral', 0.3, 0.9, 0],
  ['llama-3.3-70b-instruct', 'groq', 0.59, 0.79, 0],
  ['llama-4-scout-17b-instruct', 'groq', 0.11, 0.34, 0],
  ['kimi-k2', 'groq', 1, 3, 0.5],
  ['deepseek-v3.1', 'deepseek', 0.56, 1.68, 0.07],
  ['deepseek-r1-0528', 'deepseek', 0.56, 1.68, 0.07],
  ['qwen3-235b-a22b-instruct-2507', 'together-ai', 0.2, 0.6, 0],
  ['glm-4.6', 'together-ai', 0.6, 2.2, 0.11],
  ['gpt-oss-120b', 'groq', 0.15, 0.75, 0.075],
  ['gpt-oss-20b', 'together-ai', 0.05, 0.2, 0],
];

const KEYS: [name: string, owner: string, daysOld: number, share: number][] = [
  ['production backend', 'Mira Osei', 212, 10],
  ['support assistant', 'Jonas Petrov', 96, 5],
  ['nightly evaluation', 'Mira Osei', 61, 3],
  ['checkout experiments', 'Lena Castellano', 12, 2],
  ['ci', 'Jonas Petrov', 140, 1],
];

const AGENTS: [agent: string, ip: string | null, hoursAgo: number][] = [
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '198.51.100.23', 0],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1',
    '2001:db8:7c1f:9d50:5d2f:1a6b:7c80:4711',
    5,
  ],
  ['curl/8.14.1', null, 71],
];

// mulberry32: small, and good enough for pictures.
function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const uuid = (n: number, kind: string, at = 0) => {
  const time = at.toString(16).padStart(12, '0');
  const tail = n.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${kind}-8${kind}-${tail}`;
};

const usd = (amount: number) => amount.toFixed(12).replace(/0+$/, '').replace(/\.$/, '') || '0';
const HOUR = 3_600_000;

export function makeWorld(
  now: Date,
  { projects = 2, role = 'owner' as Schemas['Role'] } = {},
): World {
  const r = random(42);
  const org = uuid(1, '0a1');
  const user = { id: uuid(7, '0a2'), email: 'mira@northwind.example', name: 'Mira Osei' };
  const projectList = ['Storefront', 'Internal tools']
    .slice(0, projects)
    .map((name, i) => ({ id: uuid(i + 1, '0a3'), name, mode: 'hybrid' as const }));
  const apiKeys = KEYS.map(([name, owner, days, share], i): Schemas['ApiKey'] => ({
    etag: '0'.repeat(32),
    id: uuid(i + 1, '0a4'),
    name,
    last4: ['x7Qd', 'aB3k', '90Zp', 'mN2e', 'Ty6c'][i] as string,
    owner: {
      id: owner === user.name ? user.id : uuid(i + 20, '0a2'),
      name: owner,
      email: `${owner.split(' ')[0]?.toLowerCase()}@northwind.example`,
    },
    created_at: new Date(now.getTime() - days * 24 * HOUR).toISOString(),
    expires_at: i === 3 ? new Date(now.getTime() + 4 * 24 * HOUR).toISOString() : null,
    revoked_at: null,
    disabled_at: i === 4 ? new Date(now.getTime() - 30 * HOUR).toISOString() : null,
    previous_works_until: i === 1 ? new Date(now.getTime() + 5.5 * HOUR).toISOString() : null,
    models: [],
    providers: [],
    ip_ranges: [],
    last_used_at: new Date(now.getTime() - i * i * 40 * 60_000).toISOString(),
    requests: Math.round(share * 8123.7),
    cost: usd(share * 61.20481),
  }));

  const requests: Schemas['RequestDetail'][] = [];
  let at = now.getTime() - 400;
  for (let i = 0; i < 900; i += 1) {
    requests.push(makeRequest(r, i, new Date(at), now, projectList[0]?.id ?? org, apiKeys));
    at -= 4000 + r() * 190_000;
  }

  return {
    session: {
      user: { ...user, is_operator: true },
      organisations: [
        {
          id: org,
          name: 'Northwind',
          role,
          is_operator: true,
          platform_keys: false,
          platform_providers: [],
          suspended: null,
          projects: projectList,
        },
      ],
      get organisations_total() {
        return this.organisations.length;
      },
      announcement: '',
      csrf_token: 'csrf',
      gateway_url: 'http://127.0.0.1:4001/v1',
      provider_base_url_override: true,
      version: '0.1.0',
    },
    account: {
      ...user,
      is_operator: true,
      created_at: new Date(now.getTime() - 212 * 24 * HOUR).toISOString(),
      second_factor: false,
      recovery_codes_left: 0,
    },
    sessions: AGENTS.map(([agent, ip, hoursAgo], i) => ({
      id: uuid(i + 1, '0a7'),
      created_at: new Date(now.getTime() - (hoursAgo + 30) * HOUR).toISOString(),
      last_seen_at: new Date(now.getTime() - hoursAgo * HOUR).toISOString(),
      expires_at: new Date(now.getTime() + (300 - hoursAgo) * HOUR).toISOString(),
      ip,
      user_agent: agent,
      current: i === 0,
    })),
    providers: PROVIDERS.map(([id, name, models, usable]) => ({
      id,
      name,
      website: `https://${id}.example`,
      dialect: 'openai',
      usable,
      options_needed: id === 'azure' ? ['resource'] : [],
      models,
    })),
    providerKeys: makeProviderKeys(now),
    apiKeys,
    tenant: makeTenant(now, { org, user, role, projectList }),
    requests,
    times: 1,
    usage: (from, to, groupBy) => makeUsage(from, to, groupBy, now, apiKeys),
  };
}

function pick<T>(r: () => number, list: readonly T[], weight: (item: T, i: number) => number): T {
  const total = list.reduce((sum, item, i) => sum + weight(item, i), 0);
  let left = r() * total;
  for (const [i, item] of list.entries()) {
    left -= weight(item, i);
    if (left <= 0) return item;
  }
  return list.at(-1) as T;
}

const FAILURES: [Request['status'], Request['outcome'], string, string][] = [
  [
    429,
    'upstream_error',
    'upstream_rate_limited',
    'Azure: rate limit reached for gpt-4o in eu, try again in 12 s.',
  ],
  [400, 'client_error', 'invalid_field', 'temperature: must be between 0 and 2.'],
  [
    502,
    'upstream_error',
    'upstream_unreachable',
    'Could not connect to the provider: connection refused.',
  ],
  [499, 'client_gone', 'client_gone', ''],
  [504, 'upstream_error', 'upstream_timeout', 'No first byte within 60 s.'],
];

function makeRequest(
  r: () => number,
  i: number,
  at: Date,
  now: Date,
  project: string,
  keys: Schemas['ApiKey'][],
): Schemas['RequestDetail'] {
  const [model, home, input, output, cached] = pick(r, MODELS, (_, n) => 20 - n);
  const key = pick(r, keys, (_, n) => KEYS[n]?.[3] ?? 1);
  const hoursAgo = (now.getTime() - at.getTime()) / HOUR;
  const incident = hoursAgo > 5 && hoursAgo < 5.6;
  const failure = r() < (incident ? 0.45 : 0.018) ? pick(r, FAILURES, (_, n) => 5 - n) : undefined;
  const retried = !failure && r() < (incident ? 0.4 : 0.02);
  const streamed = r() < 0.7;
  const inputTokens = failure?.[0] === 400 ? 0 : Math.round(80 + r() ** 3 * 14_000);
  const cachedTokens = cached && r() < 0.5 ? Math.floor((inputTokens * r()) / 128) * 128 : 0;
  const outputTokens = failure && failure[0] !== 499 ? 0 : Math.round(20 + r() ** 2 * 1400);
  const reasoning = /^(o4|gpt-5|deepseek-r1)/.test(model)
    ? Math.round(outputTokens * r() * 0.7)
    : 0;
  const ttft = 160 + r() ** 2 * 900 + (incident ? 1800 * r() : 0);
  const call = failure?.[0] === 400 ? 0 : ttft + outputTokens * (3 + r() * 9);
  const firstTry = retried ? 240 + r() * 400 : 0;
  const overhead = 90 + r() * 260;
  const duration = Number((firstTry + call + overhead / 1000 + 0.4).toFixed(3));
  const reached = failure?.[0] === 400 ? null : home;
  const lines =
    failure && failure[0] !== 499
      ? []
      : [
          ['input', inputTokens - cachedTokens, input],
          ['cached_input', cachedTokens, cached],
          ['output', outputTokens, output],
        ]
          .filter(([, quantity]) => Number(quantity) > 0)
          .map(([kind, quantity, price]) => ({
            kind: String(kind),
            quantity: Number(quantity),
            unit: 'token',
            price: usd(Number(price) / 1e6),
            multiplier: '1',
            amount: usd((Number(quantity) * Number(price)) / 1e6),
          }));
  const cost = usd(lines.reduce((sum, { amount }) => sum + Number(amount), 0));
  const attempt = (
    start: number,
    ms: number,
    provider: string,
    status: number | null,
    first: number | null,
  ) => ({
    provider,
    model,
    platform_key: false,
    status,
    error: status && status < 400 ? null : (failure?.[2] ?? 'upstream_rate_limited'),
    start_ms: Number(start.toFixed(3)),
    first_byte_ms: first && Number(first.toFixed(3)),
    duration_ms: Number(ms.toFixed(3)),
  });
  return {
    id: uuid(i, '0a6', at.getTime()),
    created_at: at.toISOString(),
    project_id: project,
    api_key: { id: key.id, name: key.name, last4: key.last4 },
    requested_model: r() < 0.3 ? `${home}/${model}` : model,
    model,
    provider: reached,
    endpoint: 'chat.completions',
    status: failure?.[0] ?? 200,
    outcome: failure?.[1] ?? 'ok',
    finish_reason: failure ? null : r() < 0.12 ? 'tool_calls' : 'stop',
    streamed,
    estimated: failure?.[0] === 499,
    attempts: reached ? (retried ? 2 : 1) : 0,
    input_tokens: inputTokens,
    cached_tokens: cachedTokens,
    output_tokens: outputTokens,
    reasoning_tokens: reasoning,
    cost,
    duration_ms: duration,
    ttft_ms: failure && failure[0] !== 499 ? null : Number((firstTry + ttft).toFixed(3)),
    overhead_us: Math.round(overhead),
    error: failure?.[2] ?? null,
    cache_write_tokens: 0,
    upstream_model: reached && `${model}-2026-08-07`,
    upstream_request_id: reached && `req_${i.toString(16).padStart(8, '0')}c41d`,
    client_request_id: i % 3 ? null : `web-${10_000 + i}`,
    session: i % 4 ? null : 'checkout-8812',
    source: 'northwind.example',
    end_user: i % 2 ? `customer-${1000 + (i % 57)}` : null,
    title: 'Storefront assistant',
    referer: 'https://northwind.example/support',
    user_agent: 'OpenAI/Python 2.8.1',
    client_ip: '10.4.0.17',
    error_detail: failure?.[3] || null,
    tags: i % 3 ? ['storefront', 'eu'] : [],
    metadata: i % 2 ? { release: '2026.47', experiment: 'tone-b' } : null,
    params: { temperature: 0.7, max_tokens: 1500, tools: 4, response_format: 'json_schema' },
    cost_lines: lines,
    attempts_detail: !reached
      ? []
      : retried
        ? [
            attempt(0.3, firstTry, 'azure', 429, firstTry - 2),
            attempt(0.3 + firstTry, call, home, 200, ttft),
          ]
        : [
            attempt(
              0.3,
              call,
              home,
              failure ? (failure[0] === 499 ? 200 : failure[0]) : 200,
              failure ? null : ttft,
            ),
          ],
    steps: reached
      ? [
          { name: 'auth', us: Math.round(12 + r() * 8) },
          { name: 'receive', us: Math.round(30 + r() * 90) },
          { name: 'resolve', us: Math.round(6 + r() * 4) },
          { name: 'route', us: Math.round(5 + r() * 4) },
          { name: 'translate', us: Math.round(20 + r() * 50) },
          { name: 'upstream', us: Math.round((firstTry + ttft) * 1000) },
          { name: 'stream', us: Math.round((call - ttft) * 1000) },
          { name: 'account', us: Math.round(20 + r() * 30) },
        ]
      : [
          { name: 'auth', us: 14 },
          { name: 'receive', us: 88 },
          { name: 'resolve', us: 7 },
        ],
  };
}

// Busy by day, quiet by night and on weekends, an incident five hours ago.
function makeUsage(
  from: Date,
  to: Date,
  groupBy: string,
  now: Date,
  keys: Schemas['ApiKey'][],
): Schemas['Usage'] {
  const hours = (to.getTime() - from.getTime()) / HOUR;
  const [step, ms] =
    hours <= 48
      ? (['30m', HOUR / 2] as const)
      : hours <= 336
        ? (['1h', HOUR] as const)
        : (['1d', 24 * HOUR] as const);
  const groups: [key: string, label: string, share: number][] =
    groupBy === 'model'
      ? MODELS.map(([id], i) => [id, id, (20 - i) / 210])
      : groupBy === 'provider'
        ? PROVIDERS.slice(0, 6).map(([id], i) => [
            id,
            id,
            [0.42, 0.13, 0.15, 0.1, 0.08, 0.12][i] ?? 0,
          ])
        : groupBy === 'api_key'
          ? keys.map((key, i) => [key.id, key.name, (KEYS[i]?.[3] ?? 0) / 21])
          : [['all', 'All', 1]];
  const start = Math.floor(from.getTime() / ms) * ms;
  const end = Math.ceil(to.getTime() / ms) * ms;
  const sum = {
    requests: 0,
    ok: 0,
    errors: 0,
    input_tokens: 0,
    output_tokens: 0,
    cached_tokens: 0,
  };
  let cost = 0;
  const r = random(7);
  const series = groups.map(([key, label, share]) => ({
    key,
    label,
    points: Array.from({ length: (end - start) / ms }, (_, i) => {
      const t = new Date(start + i * ms);
      const day = t.getUTCDay() % 6 === 0 ? 0.35 : 1;
      const clock =
        step === '1d'
          ? 12
          : 6 + 9 * Math.max(0, Math.sin(((t.getUTCHours() - 5) / 24) * Math.PI * 2)) + 4;
      const part = Math.min(1, Math.max(0, (now.getTime() - t.getTime()) / ms));
      const requests = Math.round(
        share * day * clock * (ms / HOUR) * 96 * (0.8 + r() * 0.4) * part,
      );
      const ago = (now.getTime() - t.getTime()) / HOUR;
      const bad = ago > 5 && ago < 6.2 && step !== '1d' ? 0.22 : 0.004 + r() * 0.008;
      const errors = Math.round(requests * bad);
      const point = {
        requests,
        ok: requests - errors,
        errors,
        input_tokens: requests * 3200,
        output_tokens: requests * 410,
        cached_tokens: requests * 1180,
      };
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += point[name];
      cost += requests * 0.00731;
      return { t: t.toISOString(), ...point, cost: usd(requests * 0.00731) };
    }),
  }));
  const none = sum.requests === 0;
  return {
    from: new Date(start).toISOString(),
    to: new Date(end).toISOString(),
    step,
    series,
    totals: {
      ...sum,
      cost: usd(cost),
      p50_ms: none ? null : 1842.113,
      p95_ms: none ? null : 6120.4,
      ttft_p50_ms: none ? null : 412.9,
      ttft_p95_ms: none ? null : 1190.22,
    },
  };
}
