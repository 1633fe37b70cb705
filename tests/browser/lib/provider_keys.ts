// Provider keys of the fake control API: every state a key can be in, and what changes them. The
// secret says how the provider takes it: `refused`, `away`, or fine.
import type { Route } from 'playwright-core';
import type { components } from '../../../dashboard/src/api/schema.d.ts';
import { edit, stale } from './edit.ts';

type Schemas = components['schemas'];
type Key = Schemas['ProviderKey'];
type Check = Schemas['ProviderKeyCheck'];

const HOUR = 3_600_000;

const checked = (at: Date, outcome: Check['outcome'], host: string): Check => {
  const [status, detail] = {
    ok: [200, 'It listed 84 models.'],
    refused: [401, 'Incorrect API key provided.'],
    rate_limited: [429, 'It knows the secret, and its rate is used up for now.'],
    unreachable: [null, 'No connection within 10 s.'],
    unclear: [404, 'It has no such list.'],
  }[outcome] as [number | null, string];
  return {
    outcome,
    request: `GET https://${host}/v1/models`,
    status,
    detail,
    at: at.toISOString(),
    duration_ms: outcome === 'unreachable' ? 10_000 : 312,
  };
};

const KEYS: [
  provider: string,
  label: string,
  last4: string,
  state: Schemas['ProviderKeyState']['word'],
  share: number,
  more?: (now: Date) => Partial<Key>,
][] = [
  ['openai', 'main account', 'Zk2A', 'ok', 0.716],
  ['openai', 'batch jobs', '8Ywq', 'refused', 0.281, () => ({ models: ['gpt-5.2'] })],
  [
    'openai',
    'trial of the research group',
    'M0wd',
    'rate_limited',
    0.003,
    (now) => ({ rotation: rotation(now, 'switched') }),
  ],
  [
    'azure',
    'EU deployment',
    '41fe',
    'ok',
    1,
    (now) => ({ rotation: rotation(now, 'verified'), options: { resource: 'northwind-eu' } }),
  ],
  ['mistral', 'La Plateforme', 'pQ0s', 'unused', 0, () => ({ last_check: null })],
  ['groq', 'old trial', 'tt9L', 'disabled', 0],
];

function rotation(now: Date, state: Schemas['ProviderKeyRotation']['state']) {
  const started = new Date(now.getTime() - 0.4 * HOUR);
  return {
    state,
    started_at: started.toISOString(),
    switched_at: state === 'switched' ? new Date(now.getTime() - 0.3 * HOUR).toISOString() : null,
    check: checked(started, state === 'unverified' ? 'unreachable' : 'ok', 'api.example'),
  };
}

const STATUS = { ok: 200, refused: 401, rate_limited: 429, unused: null, disabled: 200 };

export const makeProviderKeys = (now: Date): Key[] =>
  KEYS.map(([provider, label, last4, word, share, more], i) => ({
    etag: '0'.repeat(32),
    id: `00000000-0000-70a5-80a5-${`${i + 1}`.padStart(12, '0')}`,
    provider,
    label,
    last4,
    base_url: null,
    models: [],
    options: {},
    position: i,
    created_at: new Date(now.getTime() - (i * 31 + 8) * 24 * HOUR).toISOString(),
    disabled_at: word === 'disabled' ? new Date(now.getTime() - 3 * 24 * HOUR).toISOString() : null,
    last_check: checked(
      new Date(now.getTime() - (i + 2) * HOUR),
      word === 'refused' ? 'refused' : 'ok',
      `api.${provider}.example`,
    ),
    rotation: null,
    state: {
      word,
      since: word === 'unused' ? null : new Date(now.getTime() - 2.3 * HOUR).toISOString(),
      status: STATUS[word],
    },
    traffic: {
      requests: Math.round(share * 12_408),
      share,
      cost: String(share * 96.3),
    },
    ...more?.(now),
  }));

/** What the control API answers below /provider-keys; undefined for what it does not know. */
export function providerKeys(route: Route, keys: Key[], empty: boolean): Promise<void> | undefined {
  const request = route.request();
  const method = request.method();
  const path = new URL(request.url()).pathname.split('/provider-keys')[1] ?? '';
  const [, id, part, step] = path.split('/');
  const now = new Date();
  const body = request.postData() ? request.postDataJSON() : {};
  const answer = (status: number, json?: unknown) =>
    route.fulfill(json === undefined ? { status } : { status, json });
  const refused = () =>
    route.fulfill({
      status: 422,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        type: 'urn:doteb:problem:invalid',
        title: 'Invalid field',
        status: 422,
        detail:
          'secret: the provider refuses it: GET https://api.example/v1/models was answered with 401.',
        field: 'secret',
      }),
    });
  const outcome = (secret: string): Check['outcome'] =>
    secret.includes('away') ? 'unreachable' : secret.includes('refused') ? 'refused' : 'ok';

  if (id === undefined && method === 'GET') {
    return answer(200, { items: empty ? [] : keys, next_cursor: null });
  }
  if (id === undefined) {
    const { secret, check, ...rest } = body;
    const result = outcome(secret);
    if (check && result === 'refused') return refused();
    const made: Key = {
      ...(makeProviderKeys(now)[4] as Key),
      ...rest,
      id: `00000000-0000-70a5-80a5-${`${keys.length + 1}`.padStart(12, '0')}`,
      last4: secret.slice(-4),
      created_at: now.toISOString(),
      last_check: check ? checked(now, result, `api.${rest.provider}.example`) : null,
    };
    keys.push(made);
    keys.sort((a, b) => a.provider.localeCompare(b.provider));
    return answer(201, made);
  }
  if (id === 'order') {
    const at = (key: Key) => (body.ids as string[]).indexOf(key.id);
    const own = keys.filter(({ provider }) => provider === body.provider);
    const first = keys.indexOf(own[0] as Key);
    own.sort((a, b) => at(a) - at(b));
    keys.splice(first, own.length, ...own);
    return answer(200, body);
  }
  const key = keys.find((one) => one.id === id);
  if (!key) return undefined;
  const late = stale(route, key);
  if (late) return late;
  if (part === 'check') {
    const check = checked(now, 'ok', `api.${key.provider}.example`);
    edit(key, { last_check: check });
    return answer(200, check);
  }
  if (part === 'rotation') {
    const { rotation: old } = key;
    if (step === 'switch') {
      return answer(
        200,
        edit(key, { rotation: { ...old, state: 'switched', switched_at: now.toISOString() } }),
      );
    }
    if (method === 'DELETE' || step === 'confirm')
      return answer(200, edit(key, { rotation: null }));
    const result = outcome(body.secret);
    if (result === 'refused') return refused();
    return answer(
      200,
      edit(key, { rotation: rotation(now, result === 'ok' ? 'verified' : 'unverified') }),
    );
  }
  if (method === 'DELETE') {
    keys.splice(keys.indexOf(key), 1);
    return answer(204);
  }
  const { disabled, ...rest } = body;
  return answer(
    200,
    edit(key, {
      ...rest,
      ...(disabled !== undefined && {
        disabled_at: disabled ? now.toISOString() : null,
        state: { ...key.state, word: disabled ? 'disabled' : 'ok' },
      }),
    }),
  );
}
