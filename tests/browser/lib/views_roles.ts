// The pages as they are for somebody who may only look, in an organisation that is suspended, and in
// one that the platform's keys are lent to, or not; see views.ts.
import type { Page } from 'playwright-core';
import type { View } from './views.ts';
import type { World } from './world.ts';

const path = (page: string) => (org: string) => `/o/${org}/${page}`;

/** An organisation of an instance that is somebody else's. */
function tenant(world: World) {
  const [org] = world.session.organisations;
  if (!org) throw new Error('A world without an organisation.');
  world.session.user.is_operator = false;
  org.is_operator = false;
  return org;
}

const viewer = (world: World) => {
  tenant(world).role = 'viewer';
};

const suspended = (world: World) => {
  tenant(world).suspended = {
    at: '2026-06-20T08:00:00.000Z',
    reason: 'The invoice of May is unpaid.',
  };
};

const withoutKeys = (world: World) => {
  const org = tenant(world);
  world.providerKeys = [];
  return org;
};

const lent = (world: World) => {
  Object.assign(withoutKeys(world), {
    platform_keys: true,
    platform_providers: [
      { provider: 'azure', models: [] },
      { provider: 'openai', models: [] },
    ],
  });
};

/** Its first project may use the platform's keys alone, and they are not lent. */
const creditsOnly = (world: World) => {
  for (const project of [...withoutKeys(world).projects, ...world.tenant.projects].filter(
    ({ name }) => name === 'Storefront',
  )) {
    project.mode = 'credits';
  }
};

const views = (who: string, but: View['but'], pages: [page: string, ready: string][]): View[] =>
  pages.map(([page, ready]) => ({
    name: `${who}-${page.replace(/\?.*/, '')}`,
    path: path(page),
    state: 'filled',
    but,
    ready,
  }));

const createKey = async (page: Page) => {
  await page.getByLabel('Name').fill('mobile app');
  await page.getByRole('button', { name: 'Create key' }).click();
};

export const ROLE_VIEWS: View[] = [
  ...views('viewer', viewer, [
    ['overview', 'text=Latest failures'],
    ['api-keys', 'text=production backend'],
    ['provider-keys', 'text=main account'],
    ['custom-providers', 'text=Claims gateway'],
    ['projects', 'text=168,211 requests'],
    ['members', 'text=lena@northwind'],
    ['management-tokens', 'text=For admins'],
    ['audit', 'text=For admins'],
    ['organisation', 'text=5 members'],
    ['playground', 'text=key'],
  ]),
  {
    name: 'viewer-first-run',
    path: path('activity'),
    state: 'empty',
    but: viewer,
    ready: 'text=Send the first request',
  },
  {
    name: 'viewer-api-keys-empty',
    path: path('api-keys'),
    state: 'empty',
    but: viewer,
    ready: 'text=No API key yet',
  },
  {
    name: 'viewer-provider-keys-empty',
    path: path('provider-keys'),
    state: 'empty',
    but: viewer,
    ready: 'text=No provider key yet',
  },
  ...views('suspended', suspended, [
    ['overview', 'text=Latest failures'],
    ['api-keys', 'text=production backend'],
    ['provider-keys', 'text=main account'],
    ['members', 'text=lena@northwind'],
    ['playground', 'text=Use this key'],
    ['projects', 'text=168,211 requests'],
    ['custom-providers', 'text=protocol'],
    ['organisation', 'text=5 members'],
  ]),
  {
    name: 'suspended-view-save',
    path: path('activity'),
    state: 'filled',
    but: suspended,
    ready: 'text=Success rate',
    act: async (page) => {
      await page.getByRole('button', { name: 'Views' }).click();
      await page.getByRole('menuitem', { name: 'Save this view' }).click();
      await page.getByLabel('Name').fill('Failures');
      await page.getByRole('dialog').getByRole('button', { name: 'Save view' }).click();
      await page.getByRole('dialog').getByRole('alert').waitFor();
    },
  },
  ...views('lent', lent, [
    ['models', 'text=Per million tokens'],
    ['provider-keys', 'text=No provider key yet'],
    ['projects', 'text=168,211 requests'],
    ['playground', 'text=Make a key for an hour'],
  ]),
  {
    name: 'lent-first-run',
    path: path('activity'),
    state: 'empty',
    but: lent,
    ready: 'text=Send the first request',
  },
  {
    name: 'lent-api-key-created',
    path: path('api-keys?create=1'),
    state: 'filled',
    but: lent,
    ready: 'role=dialog',
    act: async (page) => {
      await createKey(page);
      await page.getByTestId('new-key').waitFor();
    },
  },
  {
    name: 'lent-request',
    path: (org, request) => `/o/${org}/activity?request=${request}`,
    state: 'filled',
    but: (world) => {
      lent(world);
      for (const attempt of world.requests.flatMap(({ attempts_detail }) => attempts_detail)) {
        attempt.platform_key = true;
      }
    },
    ready: 'text=Tokens and cost',
  },
  ...views('not-lent', creditsOnly, [
    ['projects', 'text=Every request is refused'],
    ['models', 'text=Per million tokens'],
  ]),
  {
    name: 'not-lent-first-run',
    path: path('activity'),
    state: 'empty',
    but: creditsOnly,
    ready: 'text=Send the first request',
  },
];
