// Answers /api/v1 inside the browser for states that the real daemon is seldom in: empty, slow,
// failing, a month of data. End-to-end tests use the real one.
import type { Page, Route } from 'playwright-core';
import type { components } from '../../../dashboard/src/api/schema.d.ts';
import { analytics, failures, models } from './analytics.ts';
import { custom } from './custom.ts';
import { edit, stale } from './edit.ts';
import { MODELS } from './gateway.ts';
import { operator } from './operator.ts';
import { makePasskeys, passkeys, pretendPasskeys } from './passkeys.ts';
import { providerKeys } from './provider_keys.ts';
import { savedViews } from './saved_views.ts';
import { tokens } from './tokens.ts';
import { makeWorld, type World } from './world.ts';

/** What stands in the way of deleting the account, as it mostly does. */
const BLOCKED_DELETION: components['schemas']['AccountDeletion'] = {
  last_operator: true,
  organisations: [
    { id: '00000000-0000-7abe-8abe-00000000a001', name: 'Contoso Research', reason: 'only_member' },
    { id: '00000000-0000-7abe-8abe-00000000a002', name: 'Northwind', reason: 'last_owner' },
  ],
  organisations_total: 3,
  api_keys: 4,
};

export type State = 'filled' | 'empty' | 'loading' | 'error';

type Choices = {
  state?: State;
  signedIn?: boolean;
  world?: World;
  now?: Date;
  account?: Partial<World['account']>;
  /** Whether the instance sends mail; else it does. */
  mail?: boolean;
};

/** The page's API from now on; `calls` counts what was asked, by method and path. */
export async function fakeControl(page: Page, choices: Choices = {}) {
  const { state = 'filled', signedIn = true, now = new Date() } = choices;
  const world = choices.world ?? makeWorld(now);
  const calls: string[] = [];
  let here = signedIn;
  let mailLate = false;
  let pairRevoked = false;
  let account = { ...world.account, ...choices.account };
  let sessions = world.sessions;
  const [invitedTo] = world.session.organisations;
  const ownPasskeys = makePasskeys(now);
  await pretendPasskeys(page);

  const answer = (route: Route, status: number, body?: unknown) =>
    route.fulfill({
      status,
      contentType: status < 400 ? 'application/json' : 'application/problem+json',
      body: body === undefined ? '' : JSON.stringify(body),
    });
  const problem = (route: Route, status: number, detail: string, field?: string) =>
    answer(route, status, {
      type: 'urn:doteb:problem:test',
      title: 'Problem',
      status,
      detail,
      ...(field && { field }),
    });

  await page.route('**/api/v1/**', async (route) => {
    const request = route.request();
    const url = new URL(request.url());
    const path = url.pathname.replace('/api/v1', '');
    calls.push(`${request.method()} ${path}`);
    if (path === '/session') {
      if (request.method() === 'POST' && request.postDataJSON().password === 'two steps')
        return answer(route, 202, { second_factor: 'totp', passkey: true });
      if (request.method() === 'POST') here = request.postDataJSON().password !== 'wrong';
      if (request.method() === 'DELETE') here = false;
      if (request.method() === 'DELETE') return answer(route, 204);
      if (!here) return problem(route, 401, 'E-mail or password is wrong.');
      return answer(route, 200, world.session);
    }
    if (path === '/invitations/lookup') {
      const { token } = request.postDataJSON();
      return token === 'used'
        ? problem(route, 404, 'This invitation is used, revoked or expired. Ask for a new one.')
        : answer(route, 200, {
            organisation: 'Contoso Research',
            email: token === 'other' ? 'noor@contoso.example' : world.session.user.email,
            role: 'developer',
            invited_by: 'Ada Brandt',
            expires_at: new Date(now.getTime() + 6 * 86_400_000).toISOString(),
          });
    }
    const door = atTheDoor(route, request.method(), path);
    if (door) return door;
    if (!here) return problem(route, 401, 'Sign in first.');
    if (state === 'loading') return; // never answered
    const [org] = world.session.organisations;
    if (request.method() !== 'GET' && path.startsWith('/organisations/') && org) {
      if (org.role === 'viewer') return problem(route, 403, 'This needs the role developer.');
      if (org.suspended && request.method() !== 'DELETE') {
        return problem(
          route,
          403,
          `The operator has suspended this organisation: ${org.suspended.reason}`,
        );
      }
    }
    if (state === 'error') {
      return problem(route, 503, 'The database cannot be reached: connection refused.');
    }
    return reply(route, request.method(), path, url.searchParams);
  });

  const list = (items: unknown[]) => ({ items, next_cursor: null });
  const { tenant } = world;

  function settings(route: Route, method: string, path: string, query: URLSearchParams) {
    const none = state === 'empty';
    const body = method === 'POST' || method === 'PATCH' ? route.request().postDataJSON() : {};
    const [, root, , collection, id, verb] = path.split('/');
    if (root !== 'organisations' && root !== 'invitations') return undefined;
    const link = {
      mailed: false,
      link: `http://localhost:4002/invitation#${'Ab3'.repeat(15).slice(0, 43)}`,
    };
    if (collection === undefined && method === 'GET')
      return answer(route, 200, tenant.organisation);
    if (collection === undefined && method === 'PATCH') {
      const late = stale(route, tenant.organisation);
      if (late) return late;
      edit(tenant.organisation, body);
      Object.assign(world.session.organisations[0] ?? {}, body);
      return answer(route, 200, tenant.organisation);
    }
    if (path === '/organisations') {
      const made = { ...tenant.organisation, ...body, id: '01998a52-0000-7c1f-9d50-5d2f1a6b7c80' };
      const { name } = made;
      world.session.organisations.push({
        id: made.id,
        name,
        role: 'owner',
        is_operator: false,
        platform_keys: false,
        platform_providers: [],
        suspended: null,
        projects: [],
      });
      return answer(route, 201, made);
    }
    if (path === '/invitations/accept') {
      if (invitedTo && !world.session.organisations.length)
        world.session.organisations = [invitedTo];
      return answer(route, 200, { organisation_id: tenant.organisation.id, role: 'developer' });
    }
    if (collection === 'archive') return answer(route, 204);
    if (collection === 'members' && method === 'GET')
      return answer(route, 200, list(tenant.members));
    if (collection === 'members' && method === 'PATCH') {
      const member = tenant.members.find(({ user }) => user.id === id);
      return stale(route, member) || answer(route, 200, edit(member, body));
    }
    if (collection === 'members') {
      const late = stale(
        route,
        tenant.members.find(({ user }) => user.id === id),
      );
      if (late) return late;
      tenant.members = tenant.members.filter(({ user }) => user.id !== id);
      return answer(route, 204);
    }
    if (collection === 'invitations' && verb === 'resend') {
      return answer(route, 200, { ...tenant.invitations[0], ...link });
    }
    if (collection === 'invitations' && method === 'POST') {
      return answer(route, 201, { ...tenant.invitations[0], ...body, ...link });
    }
    if (collection === 'invitations' && method === 'DELETE') {
      tenant.invitations = tenant.invitations.filter((one) => one.id !== id);
      return answer(route, 204);
    }
    if (collection === 'invitations')
      return answer(route, 200, list(none ? [] : tenant.invitations));
    if (collection === 'projects' && id === undefined && method === 'POST') {
      return answer(route, 201, { ...tenant.projects[0], ...body });
    }
    if (collection === 'projects' && verb === undefined && method === 'PATCH') {
      const project = tenant.projects.find((one) => one.id === id);
      return stale(route, project) || answer(route, 200, edit(project, body));
    }
    if (collection === 'projects' && id === undefined) {
      const archived = query.get('status') === 'archived';
      return answer(route, 200, list(none || archived ? [] : tenant.projects));
    }
    if (collection === 'audit') {
      const rows = tenant.audit.filter(
        (row) =>
          row.action.startsWith(query.get('action') ?? '') &&
          (query.get('actor') ?? row.actor.id) === row.actor.id &&
          (query.get('target') ?? row.target?.id) === row.target?.id &&
          row.created_at >= (query.get('from') ?? ''),
      );
      return answer(route, 200, list(none ? [] : rows));
    }
    return undefined;
  }

  // What is asked without a session.
  function atTheDoor(route: Route, method: string, path: string) {
    if (path === '/instance')
      return answer(route, 200, {
        sign_up: 'open',
        mail: choices.mail ?? true,
        mail_late: mailLate,
        passkeys: 'available',
      });
    if (path === '/sign-up' || path === '/password-reset') {
      mailLate = route.request().postDataJSON().email.startsWith('late');
      return answer(route, 204);
    }
    if (path === '/session/second-factor' || path === '/sign-up/finish') {
      const { code, token } = route.request().postDataJSON();
      if (code === '000000') {
        return problem(route, 403, 'code: it is wrong, too old, or was used already.', 'code');
      }
      if (token === 'old') return gone(route);
      here = true;
      return answer(route, 200, world.session);
    }
    if (path === '/password-reset/finish' || path === '/email-change/finish') {
      return route.request().postDataJSON().token === 'old' ? gone(route) : answer(route, 204);
    }
    if (path.startsWith('/account') && here && state === 'filled') {
      return ownAccount(route, method, path);
    }
    return undefined;
  }

  const gone = (route: Route) =>
    problem(route, 410, 'The link was used already, or it is too old.');

  function ownAccount(route: Route, method: string, path: string) {
    const body = method === 'GET' || method === 'DELETE' ? {} : route.request().postDataJSON();
    if (body.password === 'wrong') {
      return problem(route, 403, 'password: it is wrong.', 'password');
    }
    if (path.startsWith('/account/sessions')) {
      if (method === 'GET') return answer(route, 200, list(sessions));
      const id = path.split('/')[3];
      sessions = sessions.filter((one) => one.current || (id && one.id !== id));
      return answer(route, 204);
    }
    if (path.startsWith('/account/passkeys')) return passkeys(route, ownPasskeys);
    if (path === '/account/deletion') {
      if (method === 'GET') return answer(route, 200, BLOCKED_DELETION);
      here = false;
      return answer(route, 204);
    }
    const factor = path.replace('/account/second-factor', '');
    if (factor === '') {
      const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
      const uri = `otpauth://totp/doteb:${account.email}?secret=${secret}&issuer=doteb`;
      return answer(route, 200, { secret, uri });
    }
    if (factor === '/confirm' || factor === '/recovery-codes') {
      if (body.code === '000000') return problem(route, 403, 'code: it is wrong.', 'code');
      account = { ...account, second_factor: true, recovery_codes_left: 10 };
      const recovery_codes = Array.from({ length: 10 }, (_, i) => `ABCD-EFGH-IJKL-MN${22 + i}`);
      return answer(route, 200, { recovery_codes });
    }
    if (factor === '/remove') {
      account = { ...account, second_factor: false, recovery_codes_left: 0 };
      return answer(route, 204);
    }
    if (path !== '/account') return answer(route, 204);
    account = { ...account, ...body };
    return answer(route, 200, account);
  }

  function reply(route: Route, method: string, path: string, query: URLSearchParams) {
    const empty = state === 'empty';
    if (path.startsWith('/instance/')) return operator(route, method, path, query, empty);
    const known = settings(route, method, path, query);
    if (known) return known;
    if (path === '/providers') return answer(route, 200, list(world.providers));
    if (path === '/models') {
      const provider = query.get('provider');
      const known = new Set(MODELS.map(({ id }) => id));
      const all = [...MODELS, ...models(world).filter(({ id }) => !known.has(id))];
      const offered = all.filter(
        ({ offers }) => !provider || offers.some((offer) => offer.provider === provider),
      );
      return answer(route, 200, list(empty && !provider ? [] : offered));
    }
    if (path.includes('/views')) return savedViews(route, method, path, world);
    if (path.includes('/custom-providers')) return custom(route, method, path, empty);
    if (path.includes('/management-tokens')) return tokens(route, method, empty);
    if (path.includes('/provider-keys')) {
      const known = providerKeys(route, world.providerKeys, empty);
      if (known) return known;
    }
    if (path.endsWith('/api-keys') && method === 'POST') {
      return answer(route, 201, {
        ...world.apiKeys[0],
        ...route.request().postDataJSON(),
        id: world.apiKeys[0]?.id,
        requests: 0,
        cost: '0',
        last_used_at: null,
        key: `sk-doteb-${'Ab3'.repeat(17).slice(0, 49)}`,
      });
    }
    if (path.includes('/signing-keys/')) {
      pairRevoked = true;
      return route.fulfill({ status: 204 });
    }
    if (path.endsWith('/signing-keys')) {
      const pair = {
        id: '01998a52-3c1e-7c1f-9d50-5d2f1a6b7c80',
        api_key_id: world.apiKeys[0]?.id,
        access_key_id: 'DOTEBQ3PXW5ZJ2KLM7VTRH4NA',
        created_at: world.apiKeys[0]?.created_at,
      };
      if (method === 'GET') return answer(route, 200, list(pairRevoked ? [] : [pair]));
      return answer(route, 201, { ...pair, secret_access_key: 'Ab3'.repeat(14).slice(0, 40) });
    }
    if (path.endsWith('/impact')) {
      const impact = {
        last_used_at: new Date(Date.now() - 120_000).toISOString(),
        day: { requests: 812, cost: '4.21' },
        week: { requests: 5210, cost: '27.9' },
        recent: {
          requests: 200,
          since: new Date(Date.now() - 7_200_000).toISOString(),
          addresses: 3,
        },
        clients: [
          {
            user_agent: 'OpenAI/Python 2.8.1',
            source: 'shop',
            requests: 200,
            addresses: 3,
            last_at: new Date(Date.now() - 120_000).toISOString(),
          },
        ],
      };
      return answer(route, 200, impact);
    }
    if (path.includes('/api-keys/')) {
      const found = world.apiKeys.find(({ id }) => path.includes(id));
      const late = stale(route, found);
      if (late) return late;
      if (method === 'DELETE') return answer(route, 204);
      const body = route.request().postDataJSON();
      if (method === 'PATCH') {
        const { disabled, ...rest } = body;
        const disabled_at = disabled ? now.toISOString() : null;
        edit(found, { ...rest, ...(disabled !== undefined && { disabled_at }) });
        return answer(route, 200, found);
      }
      const until = new Date(now.getTime() + body.grace_hours * 3_600_000).toISOString();
      edit(found, { previous_works_until: body.grace_hours ? until : null });
      return answer(route, 200, { ...found, key: `sk-doteb-${'Cd4'.repeat(17).slice(0, 49)}` });
    }
    if (path.endsWith('/api-keys')) {
      const revoked = query.get('status') === 'revoked';
      return answer(route, 200, list(empty || revoked ? [] : world.apiKeys));
    }
    if (path.endsWith('/usage')) {
      const to = new Date(query.get('to') ?? now);
      const from = new Date(query.get('from') ?? to.getTime() - 86_400_000);
      const usage = world.usage(from, to, query.get('group_by') ?? 'none');
      return answer(route, 200, empty ? emptied(usage) : usage);
    }
    if (path.endsWith('/requests/events')) return live(route, query);
    if (path.endsWith('/requests/export')) {
      const many = query.get('status') === 'ok';
      if (many) return problem(route, 422, 'from: there are over 20000 requests.', 'from');
      return route.fulfill({ contentType: 'text/csv; charset=utf-8', body: '"id"\r\n' });
    }
    if (path.endsWith('/analytics')) {
      return answer(route, 200, analytics(empty ? [] : world.requests, now, query, world.times));
    }
    if (path.endsWith('/failures')) {
      return answer(route, 200, failures(empty ? [] : world.requests, query));
    }
    if (path.endsWith('/requests')) return answer(route, 200, empty ? list([]) : requests(query));
    if (path.includes('/requests/')) {
      const found = world.requests.find(({ id }) => path.endsWith(id));
      return found ? answer(route, 200, found) : problem(route, 404, 'There is no such request.');
    }
    return problem(route, 404, `Nothing at ${path}.`);
  }

  // A stream that ends after what there is: the browser comes back with the id it saw last.
  function live(route: Route, query: URLSearchParams) {
    const last = route.request().headers()['last-event-id'];
    const rows = state === 'empty' ? [] : matching(query);
    const newest = rows[0]?.created_at ?? now.toISOString();
    const missed = last ? rows.filter((row) => row.created_at > last).reverse() : [];
    const events = missed.map(
      (row) => `id: ${row.created_at}\nevent: request\ndata: ${JSON.stringify(narrow(row))}\n\n`,
    );
    if (!last) events.push(`id: ${newest}\nevent: reload\ndata: {}\n\n`);
    return route.fulfill({
      contentType: 'text/event-stream',
      body: `retry: 400\n\n${events.join('')}`,
    });
  }

  function matching(query: URLSearchParams) {
    const q = query.get('q');
    return world.requests.filter(
      (row) =>
        (!query.get('min_cost') || Number(row.cost) >= Number(query.get('min_cost'))) &&
        (!query.get('min_duration_ms') ||
          row.duration_ms >= Number(query.get('min_duration_ms'))) &&
        (!query.get('streamed') || String(row.streamed) === query.get('streamed')) &&
        (!query.get('outcome') || row.outcome === query.get('outcome')) &&
        (!query.get('end_user') || row.end_user === query.get('end_user')) &&
        (!query.get('client_request_id') ||
          row.client_request_id === query.get('client_request_id')) &&
        (q ? row.id.startsWith(q) : row.created_at >= (query.get('from') ?? '')) &&
        row.created_at < (query.get('to') ?? '9') &&
        row.model?.includes(query.get('model') ?? '') &&
        (query.get('provider') ?? row.provider) === row.provider &&
        (query.get('api_key') ?? row.api_key.id) === row.api_key.id &&
        (query.get('status') !== 'error' || row.outcome !== 'ok') &&
        (query.get('status') !== 'ok' || row.outcome === 'ok'),
    );
  }

  function requests(query: URLSearchParams) {
    const fits = matching(query);
    const at = Number(query.get('cursor') ?? 0);
    const end = at + Number(query.get('limit') ?? 50);
    const items = fits.slice(at, end).map(narrow);
    return { items, next_cursor: end < fits.length ? String(end) : null };
  }

  return { world, calls };
}

// What a list shows of a request.
function narrow(detail: World['requests'][number]) {
  const {
    cache_write_tokens,
    upstream_model,
    upstream_request_id,
    client_request_id,
    session,
    source,
    end_user,
    title,
    referer,
    user_agent,
    client_ip,
    error_detail,
    tags,
    metadata,
    params,
    cost_lines,
    attempts_detail,
    steps,
    ...row
  } = detail;
  return row;
}

function emptied(usage: ReturnType<World['usage']>) {
  const zero = {
    requests: 0,
    ok: 0,
    errors: 0,
    input_tokens: 0,
    output_tokens: 0,
    cached_tokens: 0,
    cost: '0',
  };
  return {
    ...usage,
    series: usage.series.map((one) => ({
      ...one,
      points: one.points.map(({ t }) => ({ t, ...zero })),
    })),
    totals: { ...zero, p50_ms: null, p95_ms: null, ttft_p50_ms: null, ttft_p95_ms: null },
  };
}
