// The pages with what people do not expect: very long names, names from right to left, huge numbers,
// one row, two hundred; see views.ts.
import type { View } from './views.ts';
import type { World } from './world.ts';

const path = (page: string) => (org: string) => `/o/${org}/${page}`;

const LONG =
  'Department of Consolidated Customer Correspondence and Extraordinarily Long Names (Rotterdam II)';
const UNBROKEN = `${'internal-evaluation-of-'.repeat(4)}v2`;
const ARABIC = 'مساعد خدمة العملاء في فرع الرياض';

function names(world: World) {
  const name = (i: number) => [LONG, UNBROKEN, ARABIC][i % 3] as string;
  for (const org of world.session.organisations) {
    org.name = LONG;
    for (const [i, project] of org.projects.entries()) project.name = name(i + 1);
  }
  Object.assign(world.session.user, { name: ARABIC, email: `${'a'.repeat(60)}@northwind.example` });
  Object.assign(world.tenant.organisation, { name: LONG });
  for (const [i, project] of world.tenant.projects.entries()) project.name = name(i + 1);
  for (const [i, member] of world.tenant.members.entries()) member.user.name = name(i);
  for (const [i, key] of world.providerKeys.entries()) key.label = name(i);
  for (const [i, key] of world.apiKeys.entries()) {
    key.name = name(i);
    key.owner.name = name(i + 2);
  }
  for (const [i, request] of world.requests.entries()) {
    request.api_key.name = name(i);
    request.model = i % 2 ? UNBROKEN : request.model;
  }
}

function huge(world: World) {
  const figures = { requests: 1_234_567_890, cost: '12345678.901234' };
  world.times = 3_000_000;
  for (const one of [...world.apiKeys, ...world.tenant.projects]) Object.assign(one, figures);
  for (const key of world.providerKeys) Object.assign(key.traffic, figures);
  for (const request of world.requests.filter((_, i) => i % 40 === 0)) {
    Object.assign(request, { cost: '1234.5678', input_tokens: 1_048_576, duration_ms: 5_400_000 });
  }
}

function one(world: World) {
  world.requests.splice(1);
  world.tenant.audit.splice(1);
}

function many(world: World) {
  const copies = <T extends object>(list: T[], id: (n: number) => object) => {
    for (let n = list.length; n < 200; n += 1) {
      list.push({ ...(list[n % list.length] as T), ...id(n) });
    }
  };
  const id = (n: number) => `00000000-0000-7eee-8eee-${`${n}`.padStart(12, '0')}`;
  copies(world.apiKeys, (n) => ({ id: id(n), name: `key of service ${n}` }));
  copies(world.providerKeys, (n) => ({ id: id(n), label: `account ${n}` }));
}

const views = (what: string, but: View['but'], pages: [page: string, ready: string][]): View[] =>
  pages.map(([page, ready]) => ({
    name: `${what}-${page.replace(/\?.*/, '')}`,
    path: path(page),
    state: 'filled',
    but,
    ready,
  }));

const row = '[role=table] [role=row] a';

export const EXTREME_VIEWS: View[] = [
  ...views('names', names, [
    ['overview?range=30d', 'text=Latest failures'],
    ['activity', row],
    ['analytics?by=api_key&and=model', 'text=Ranked'],
    ['api-keys', row],
    ['provider-keys', `text=${UNBROKEN}`],
    ['projects', 'text=168,211 requests'],
    ['members', 'text=lena@northwind'],
    ['organisation', 'text=5 members'],
  ]),
  ...views('huge', huge, [
    ['overview?range=30d', 'text=Latest failures'],
    ['activity', row],
    ['analytics?range=30d', 'text=Ranked'],
    ['api-keys', row],
    ['provider-keys', 'text=main account'],
    ['projects', 'text=Storefront'],
  ]),
  {
    name: 'huge-request',
    path: (org, request) => `/o/${org}/activity?request=${request}`,
    state: 'filled',
    but: huge,
    ready: 'text=Tokens and cost',
  },
  ...views('one', one, [
    ['overview', 'text=Requests by outcome'],
    ['activity', row],
    ['audit', row],
  ]),
  ...views('many', many, [
    ['api-keys', row],
    ['provider-keys', 'text=account 199'],
  ]),
];
