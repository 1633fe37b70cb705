// What the settings pages show of the company of world.ts: projects, members, invitations, audit log.
import type { components } from '../../../dashboard/src/api/schema.d.ts';

type Schemas = components['schemas'];

export type Tenant = {
  organisation: Schemas['OrganisationDetail'];
  projects: Schemas['Project'][];
  members: Schemas['Member'][];
  invitations: Schemas['Invitation'][];
  audit: Schemas['AuditEntry'][];
};

type Maker = {
  org: string;
  user: Schemas['Person'];
  role: Schemas['Role'];
  projectList: { id: string; name: string; mode: Schemas['ProjectMode'] }[];
};

const HOUR = 3_600_000;
const id = (n: number, kind: string) =>
  `00000000-0000-7${kind}-8${kind}-${`${n}`.padStart(12, '0')}`;

const PEOPLE: [name: string, role: Schemas['Role'], keys: number, seenHours: number | null][] = [
  ['Jonas Petrov', 'admin', 2, 3],
  ['Lena Castellano', 'developer', 1, 26],
  ['Ravi Anand', 'developer', 0, 400],
  ['', 'viewer', 0, null],
];

export function makeTenant(now: Date, { org, user, role, projectList }: Maker): Tenant {
  const before = (hours: number) => new Date(now.getTime() - hours * HOUR).toISOString();
  const person = (i: number): Schemas['Person'] => {
    const name = PEOPLE[i]?.[0] ?? '';
    const box = name ? name.split(' ')[0]?.toLowerCase() : 'finance-and-controlling';
    return { id: id(i + 1, '0b1'), name, email: `${box}@northwind.example` };
  };
  const members: Schemas['Member'][] = [
    {
      etag: '0'.repeat(32),
      user,
      role,
      created_at: before(6000),
      last_seen_at: before(0.1),
      api_keys: 3,
    },
    ...PEOPLE.map(([, as, api_keys, seen], i) => ({
      etag: '0'.repeat(32),
      user: person(i),
      role: as,
      created_at: before(5000 - i * 900),
      last_seen_at: seen === null ? null : before(seen),
      api_keys,
    })),
  ];
  const projects: Schemas['Project'][] = projectList.map((project, i) => ({
    ...project,
    etag: '0'.repeat(32),
    mode: i === 0 ? 'hybrid' : 'api-keys',
    key_expires_days: i === 0 ? null : 90,
    key_models: i === 0 ? [] : ['anthropic/*'],
    key_providers: [],
    key_ip_ranges: i === 0 ? [] : ['10.0.0.0/8'],
    created_at: before(5800 - i * 2000),
    archived_at: null,
    api_keys: i === 0 ? 4 : 1,
    requests: i === 0 ? 168_211 : 2_406,
    cost: i === 0 ? '1284.4014' : '18.0231',
    last_used_at: before(i * 30 + 0.05),
  }));
  return {
    organisation: {
      etag: '0'.repeat(32),
      id: org,
      name: 'Northwind',
      is_operator: false,
      created_at: before(6000),
      archived_at: null,
      members: members.length,
      projects: projects.length,
    },
    projects,
    members,
    invitations: [
      {
        id: id(1, '0b2'),
        email: 'noor@northwind.example',
        role: 'developer',
        invited_by: user,
        created_at: before(20),
        expires_at: before(20 - 7 * 24),
      },
      {
        id: id(2, '0b2'),
        email: 'a.very.long.address.of.somebody@subsidiary.northwind.example',
        role: 'viewer',
        invited_by: person(0),
        created_at: before(200),
        expires_at: before(200 - 7 * 24),
      },
    ],
    audit: makeAudit(before, user, person, projectList[0]?.id ?? org),
  };
}

type Fields = Record<string, unknown> | null;

function makeAudit(
  before: (hours: number) => string,
  user: Schemas['Person'],
  person: (i: number) => Schemas['Person'],
  project: string,
): Schemas['AuditEntry'][] {
  const key = { id: id(9, '0b4'), name: 'production backend', last4: 'x7Qd', revoked_at: null };
  const rows: [action: string, who: Schemas['Person'] | null, name: string, Fields, Fields][] = [
    ['api_key.revoke', user, key.name, key, { ...key, revoked_at: before(0.3) }],
    ['session.create', person(1), '', null, null],
    ['member.update', user, 'Lena Castellano', { role: 'viewer' }, { role: 'developer' }],
    ['invitation.create', user, 'noor@northwind.example', null, { role: 'developer' }],
    [
      'provider_key.create',
      null,
      'main account',
      null,
      { provider: 'openai', label: 'main account' },
    ],
    ['project.update', person(0), 'Storefront', { mode: 'credits' }, { mode: 'hybrid' }],
    ['api_key.create', person(0), 'ci', null, { name: 'ci', last4: 'Ty6c', expires_at: null }],
    ['organisation.update', user, 'Northwind', { name: 'North Wind' }, { name: 'Northwind' }],
  ];
  return Array.from({ length: 40 }, (_, i) => {
    const [action, who, name, was, is] = rows[i % rows.length] as (typeof rows)[0];
    return {
      id: id(i + 1, '0b3'),
      created_at: before(0.2 + i * i * 0.4),
      action,
      actor: who
        ? { kind: 'user', id: who.id, name: who.email }
        : { kind: 'cli', id: null, name: 'deploy@gateway-1' },
      target: name ? { id: id((i % rows.length) + 1, '0b5'), name } : null,
      project_id: action.startsWith('api_key') ? project : null,
      before: was,
      after: is,
      ip: who ? '203.0.113.24' : null,
      user_agent: who ? 'Mozilla/5.0 (X11; Linux x86_64) Firefox/146.0' : '',
    };
  });
}
