// Every page and state of the dashboard by name: the axe test judges them, pictures show them.
import type { Page } from 'playwright-core';
import { ORIGIN, serveDashboard } from './browser.ts';
import { fakeControl, type State } from './control.ts';
import { CUSTOM_VIEWS } from './custom.ts';
import { fakeGateway } from './gateway.ts';
import { OPERATOR_VIEWS } from './operator.ts';
import { PASSKEY_VIEWS } from './passkeys.ts';
import { SAVED_VIEWS } from './saved_views.ts';
import { TOKEN_VIEWS } from './tokens.ts';
import { ACCOUNT_VIEWS } from './views_account.ts';
import { EXTREME_VIEWS } from './views_extreme.ts';
import { PLAYGROUND_VIEWS } from './views_playground.ts';
import { PROVIDER_KEY_VIEWS } from './views_provider_keys.ts';
import { REVOKE_VIEWS } from './views_revoke.ts';
import { ROLE_VIEWS } from './views_roles.ts';
import { makeWorld, type World } from './world.ts';

export type View = {
  name: string;
  path: (org: string, request: string) => string;
  state: State;
  signedIn?: boolean;
  /** Who looks is in no organisation. */
  alone?: boolean;
  /** What is otherwise than in the world of every view. */
  but?: (world: World) => void;
  /** What is there when the view is. */
  ready: string;
  act?: (page: Page) => Promise<unknown>;
};

const activity = (org: string) => `/o/${org}/activity`;
const apiKeys = (org: string) => `/o/${org}/api-keys`;
const settings = (page: string) => (org: string) => `/o/${org}/${page}`;
const open = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name }).first().click();

/** What somebody else does to an element of a list meanwhile, found by what is in it. */
export const changeElsewhere = (page: Page, list: string, text: string, change: object) =>
  page.evaluate(
    async ([collection, has, body]) => {
      const org = location.pathname.split('/')[2];
      const path = `/api/v1/organisations/${org}/${collection}`;
      const { items } = await (await fetch(path)).json();
      const found = items.find((one: unknown) => JSON.stringify(one).includes(has));
      await fetch(`${path}/${found.id}`, { method: 'PATCH', body });
    },
    [list, text, JSON.stringify(change)] as const,
  );

export const VIEWS: View[] = [
  ...(
    [
      ['overview', 'filled', 'text=Latest failures'],
      ['overview', 'empty', 'text=Nothing has been asked yet'],
      ['overview', 'loading', '[aria-busy=true]'],
      ['overview', 'error', '[role=alert]'],
      ['analytics', 'filled', 'text=Ranked'],
      ['analytics', 'empty', 'text=Nothing in this range'],
      ['analytics', 'loading', '[aria-busy=true]'],
      ['analytics', 'error', '[role=alert]'],
      ['models', 'filled', 'text=Per million tokens'],
      ['models', 'empty', 'text=No model yet'],
      ['models', 'loading', '[aria-busy=true]'],
      ['models', 'error', '[role=alert]'],
    ] as const
  ).map(
    ([page, state, ready]): View => ({
      name: state === 'filled' ? page : `${page}-${state}`,
      path: (org: string) => `/o/${org}/${page}?range=30d`,
      state,
      ready,
    }),
  ),
  ...['source', 'tag'].map(
    (by): View => ({
      name: `analytics-by-${by}`,
      path: (org) => `/o/${org}/analytics?range=30d&by=${by}`,
      state: 'filled',
      ready: 'text=Ranked',
    }),
  ),
  ...PLAYGROUND_VIEWS,
  ...TOKEN_VIEWS,
  ...SAVED_VIEWS,
  ...REVOKE_VIEWS,
  ...OPERATOR_VIEWS,
  ...CUSTOM_VIEWS,
  ...PASSKEY_VIEWS,
  ...ACCOUNT_VIEWS,
  ...ROLE_VIEWS,
  ...EXTREME_VIEWS,
  { name: 'activity', path: activity, state: 'filled', ready: '[role=table] [role=row] a' },
  {
    name: 'activity-drawer',
    path: (org, request) => `${activity(org)}?request=${request}`,
    state: 'filled',
    ready: 'text=Tokens and cost',
  },
  {
    name: 'activity-drawer-failed',
    path: (org) => `${activity(org)}?status=error`,
    state: 'filled',
    ready: '[role=table] [role=row] a',
    act: async (page) => {
      await page.locator('[role=row] a').nth(1).click();
      await page.getByText('Tokens and cost').waitFor();
    },
  },
  {
    name: 'activity-filtered',
    path: (org) => `${activity(org)}?status=error&provider=azure&range=7d&live=off`,
    state: 'filled',
    ready: '[role=table] [role=row] a',
  },
  {
    name: 'activity-hour',
    path: (org) => `${activity(org)}?range=1h`,
    state: 'filled',
    ready: '[role=table] [role=row] a',
  },
  {
    name: 'activity-no-match',
    path: (org) => `${activity(org)}?q=00000000-0000`,
    state: 'filled',
    ready: 'text=No request fits',
  },
  {
    name: 'activity-filter-open',
    path: activity,
    state: 'filled',
    ready: '[role=table] [role=row] a',
    act: async (page) => {
      await page.getByRole('button', { name: 'Model', exact: true }).click();
      await page.getByRole('listbox').getByRole('option').first().waitFor();
    },
  },
  {
    name: 'activity-range-open',
    path: activity,
    state: 'filled',
    ready: '[role=table] [role=row] a',
    act: (page) => open(page, /^Time range/),
  },
  {
    name: 'palette',
    path: activity,
    state: 'filled',
    ready: '[role=table] [role=row] a',
    act: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('option', { name: 'production backend' }).waitFor();
    },
  },
  {
    name: 'account-menu',
    path: activity,
    state: 'filled',
    ready: '[role=table] [role=row] a',
    act: (page) => open(page, /^Account of/),
  },
  { name: 'first-run', path: activity, state: 'empty', ready: 'text=Send the first request' },
  { name: 'activity-loading', path: activity, state: 'loading', ready: '[aria-busy=true]' },
  { name: 'activity-error', path: activity, state: 'error', ready: 'text=No answer for now' },
  { name: 'api-keys', path: apiKeys, state: 'filled', ready: 'text=production backend' },
  { name: 'api-keys-empty', path: apiKeys, state: 'empty', ready: 'text=No API key yet' },
  { name: 'api-keys-loading', path: apiKeys, state: 'loading', ready: '[aria-busy=true]' },
  { name: 'api-keys-error', path: apiKeys, state: 'error', ready: 'text=No answer for now' },
  {
    name: 'api-key-create',
    path: (org) => `${apiKeys(org)}?create=1`,
    state: 'filled',
    ready: 'role=dialog',
  },
  {
    name: 'api-key-created',
    path: (org) => `${apiKeys(org)}?create=1`,
    state: 'filled',
    ready: 'role=dialog',
    act: async (page) => {
      await page.getByLabel('Name').fill('mobile app');
      await page.getByRole('button', { name: 'Create key' }).click();
      await page.getByTestId('new-key').waitFor();
    },
  },
  {
    name: 'api-key-revoke',
    path: apiKeys,
    state: 'filled',
    ready: 'text=production backend',
    act: (page) => open(page, 'Revoke production backend'),
  },
  {
    name: 'api-key-aws',
    path: apiKeys,
    state: 'filled',
    ready: 'text=production backend',
    act: async (page) => {
      await open(page, 'AWS credentials of production backend');
      await page.getByText(/^DOTEB/).waitFor();
    },
  },
  {
    name: 'api-key-aws-created',
    path: apiKeys,
    state: 'filled',
    ready: 'text=production backend',
    act: async (page) => {
      await open(page, 'AWS credentials of production backend');
      await page.getByRole('button', { name: 'Create AWS credentials' }).click();
      await page.getByTestId('new-secret').waitFor();
    },
  },
  {
    name: 'api-key-more',
    path: apiKeys,
    state: 'filled',
    ready: 'text=production backend',
    act: (page) => open(page, 'More for production backend'),
  },
  ...['Edit', 'Rotate secret'].map(
    (item): View => ({
      name: `api-key-${item.toLowerCase().replace(' ', '-')}`,
      path: apiKeys,
      state: 'filled',
      ready: 'text=production backend',
      act: async (page) => {
        await open(page, 'More for support assistant');
        await page.getByRole('menuitem', { name: item }).click();
        await page.getByRole('dialog').waitFor();
      },
    }),
  ),
  {
    name: 'api-key-edit-changed',
    path: apiKeys,
    state: 'filled',
    ready: 'text=production backend',
    act: async (page) => {
      await open(page, 'More for support assistant');
      await page.getByRole('menuitem', { name: 'Edit' }).click();
      await page.getByLabel('Name').fill('support bot');
      await changeElsewhere(page, 'projects/any/api-keys', 'support assistant', {
        name: 'helpdesk',
      });
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('which you changed too').waitFor();
    },
  },
  ...PROVIDER_KEY_VIEWS,
  ...['projects', 'members', 'audit', 'organisation'].flatMap((name): View[] => [
    { name: `${name}-loading`, path: settings(name), state: 'loading', ready: '[aria-busy=true]' },
    {
      name: `${name}-error`,
      path: settings(name),
      state: 'error',
      ready: 'text=No answer for now',
    },
  ]),
  { name: 'projects', path: settings('projects'), state: 'filled', ready: 'text=168,211 requests' },
  {
    name: 'projects-empty',
    path: settings('projects'),
    state: 'empty',
    ready: 'text=No project yet',
  },
  {
    name: 'project-create',
    path: settings('projects?create=1'),
    state: 'filled',
    ready: 'role=dialog',
  },
  {
    name: 'project-archive',
    path: settings('projects'),
    state: 'filled',
    ready: 'text=168,211 requests',
    act: (page) => open(page, 'Archive Storefront'),
  },
  { name: 'members', path: settings('members'), state: 'filled', ready: 'text=noor@northwind' },
  {
    name: 'members-role',
    path: settings('members'),
    state: 'filled',
    ready: 'text=noor@northwind',
    act: (page) => open(page, 'Role of Lena Castellano: Developer'),
  },
  {
    name: 'member-invite',
    path: settings('members?invite=1'),
    state: 'filled',
    ready: 'role=dialog',
  },
  {
    name: 'member-invited',
    path: settings('members?invite=1'),
    state: 'filled',
    ready: 'role=dialog',
    act: async (page) => {
      await page.getByLabel('E-mail').fill('sam@northwind.example');
      await page.getByRole('button', { name: 'Create invitation' }).click();
      await page.getByText('Copy link').waitFor();
    },
  },
  {
    name: 'member-remove',
    path: settings('members'),
    state: 'filled',
    ready: 'text=noor@northwind',
    act: (page) => open(page, 'Remove Jonas Petrov'),
  },
  {
    name: 'audit',
    path: settings('audit'),
    state: 'filled',
    ready: '[role=table] [role=row] a',
  },
  {
    name: 'audit-empty',
    path: settings('audit'),
    state: 'empty',
    ready: 'text=Nothing in this range',
  },
  {
    name: 'audit-filtered',
    path: settings('audit?action=api_key'),
    state: 'filled',
    ready: '[role=table] [role=row] a',
  },
  {
    name: 'audit-entry',
    path: settings('audit?action=api_key'),
    state: 'filled',
    ready: '[role=table] [role=row] a',
    act: async (page) => {
      await page.locator('[role=row] a').first().click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'organisation',
    path: settings('organisation'),
    state: 'filled',
    ready: 'text=5 members',
  },
  {
    name: 'organisation-archive',
    path: settings('organisation'),
    state: 'filled',
    ready: 'text=5 members',
    act: (page) => open(page, /^Archive organisation/),
  },
  {
    name: 'organisation-menu',
    path: settings('organisation'),
    state: 'filled',
    ready: 'text=5 members',
    act: async (page) => {
      const narrow = (page.viewportSize()?.width ?? 0) < 768;
      const bar = page.getByRole('navigation').getByRole('button', { name: 'Organisation' });
      await (narrow ? bar.last() : bar.first()).click();
      await page.getByRole('menuitem', { name: 'New organisation' }).waitFor();
    },
  },
  {
    name: 'invitation',
    path: () => '/invitation#mine',
    state: 'filled',
    ready: 'text=Join Contoso',
  },
  {
    name: 'invitation-other',
    path: () => '/invitation#other',
    state: 'filled',
    ready: 'text=another address',
  },
  {
    name: 'invitation-signed-out',
    path: () => '/invitation#mine',
    state: 'filled',
    signedIn: false,
    ready: 'text=Sign in to join',
  },
  {
    name: 'invitation-gone',
    path: () => '/invitation#used',
    state: 'filled',
    ready: 'text=cannot be used',
  },
  {
    name: 'missing',
    path: () => '/o/00000000-0000-7000-8000-000000000000/activity',
    state: 'filled',
    ready: 'text=There is no such page',
  },
];

/** Brings a page into a view. */
export async function show(page: Page, view: View, now = new Date()): Promise<void> {
  const world = makeWorld(now);
  view.but?.(world);
  await serveDashboard(page);
  await fakeControl(page, { state: view.state, signedIn: view.signedIn ?? true, world, now });
  const org = world.session.organisations[0]?.id ?? '';
  if (view.alone) world.session.organisations = [];
  const retried = world.requests.find(({ attempts }) => attempts === 2);
  await fakeGateway(page, retried?.id ?? '');
  await page.goto(ORIGIN + view.path(org, retried?.id ?? ''));
  await page.locator(view.ready).first().waitFor({ state: 'attached' });
  await view.act?.(page);
}
