// The settings pages against a scripted API: organisations, projects, members, invitations and the
// audit log, by keyboard where a person would.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { check, ORIGIN } from './lib/browser.ts';
import { scripted } from './lib/scripted.ts';
import { makeWorld } from './lib/world.ts';

const open = scripted();

/** Tab until the focus is on what is wanted, as a person would. */
async function tabTo(page: Page, name: RegExp) {
  for (let i = 0; i < 60; i += 1) {
    const at = await page.evaluate(() => {
      const focused = document.activeElement as HTMLElement;
      return focused.getAttribute('aria-label') ?? focused.innerText ?? '';
    });
    if (name.test(at)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`never reached ${name}`);
}

/** A menu takes keys once it has the focus, a moment after it is seen. */
async function menuFocused(page: Page) {
  await page.waitForFunction(() => document.activeElement?.closest('[role=menu]'));
}

/** To an item of the open menu, as arrows do. */
async function itemFocused(page: Page, name: RegExp) {
  await page.waitForFunction(
    (text) =>
      new RegExp(text).test((document.activeElement as HTMLElement | null)?.innerText ?? ''),
    name.source,
  );
}

test('a new organisation by keyboard, and back to the other', async () => {
  const { page, watched, org } = await open('/o/ORG/activity');
  await page.locator('[role=row] a').first().waitFor();
  await tabTo(page, /^Organisation: Northwind$/);
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'New organisation' }).waitFor();
  await menuFocused(page);
  await page.keyboard.press('End');
  await itemFocused(page, /^New organisation/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.type('Tailspin');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Organisation: Tailspin' }).waitFor();
  assert.ok(!page.url().includes(org));
  await page.getByRole('button', { name: 'Organisation: Tailspin' }).click();
  await page.getByRole('menuitemradio', { name: 'Northwind' }).click();
  await page.waitForURL(new RegExp(org));
  check(watched);
  await page.context().close();
});

test('the organisation is renamed, and archived only with its name typed', async () => {
  const { page, watched, calls, org } = await open('/o/ORG/organisation');
  await page.getByLabel('Name').fill('Northwind Traders');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Organisation: Northwind Traders' }).waitFor();
  await page.getByRole('button', { name: /^Archive organisation/ }).click();
  const archive = page.getByRole('button', { name: 'Archive for good' });
  await page.getByLabel('Type its name').fill('northwind traders');
  assert.ok(await archive.isDisabled());
  await page.getByLabel('Type its name').fill('Northwind Traders');
  await page.keyboard.press('Enter');
  await page.getByText('Archived Northwind Traders').waitFor();
  assert.ok(calls.includes(`POST /organisations/${org}/archive`));
  check(watched);
  await page.context().close();
});

test('who is in no organisation can make one or sign out', async () => {
  const { page, watched, world } = await open('/o/ORG/activity');
  world.session.organisations = [];
  await page.goto(`${ORIGIN}/`);
  await page.getByRole('heading', { name: 'You are in no organisation' }).waitFor();
  await page.getByText(world.session.user.email).waitFor();
  await page.getByRole('button', { name: 'New organisation' }).click();
  await page.getByLabel('Name').fill('Tailspin');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Organisation: Tailspin' }).waitFor();

  world.session.organisations = [];
  await page.goto(`${ORIGIN}/`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('E-mail').waitFor();
  check(watched);
  await page.context().close();
});

test('who is in no organisation has an account, and an invitation leads into the new one', async () => {
  const { page, watched, world, org } = await open('/o/ORG/activity');
  // With an organisation the account is inside it.
  await page.goto(`${ORIGIN}/account`);
  await page.waitForURL(`${ORIGIN}/o/${org}/account`);

  world.session.organisations = [];
  await page.goto(`${ORIGIN}/`);
  await page.getByRole('link', { name: 'Your account' }).click();
  await page.waitForURL(`${ORIGIN}/account`);
  for (const name of ['Profile', 'Two-step sign-in', 'Passkeys', 'Where you are signed in'])
    await page.getByRole('heading', { name, exact: true }).waitFor();
  await page.getByRole('button', { name: 'Change your name' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Mira Alone');
  await page.keyboard.press('Enter');
  await page.getByText('Mira Alone').waitFor();
  await page.getByRole('link', { name: 'Back' }).click();
  await page.getByRole('heading', { name: 'You are in no organisation' }).waitFor();
  await page.goto(`${ORIGIN}/o/${org}/account`);
  await page.waitForURL(`${ORIGIN}/account`);

  await page.goto(`${ORIGIN}/invitation#mine`);
  await page.getByRole('button', { name: 'Join Contoso Research' }).click();
  await page.waitForURL(new RegExp(`${org}/overview`));
  await page.getByRole('navigation', { name: 'Pages' }).first().waitFor();
  check(watched);
  await page.context().close();
});

test('a role is changed by keyboard; the last owner has no menu and cannot leave', async () => {
  const { page, watched, world } = await open('/o/ORG/members');
  await page.getByText('Lena Castellano').waitFor();
  assert.equal(await page.getByRole('button', { name: /^Role of Mira/ }).count(), 0);
  assert.equal(await page.getByRole('button', { name: /^Leave/ }).count(), 0);
  await tabTo(page, /^Role of Lena Castellano/);
  await page.keyboard.press('Enter');
  await page.getByRole('menuitemradio', { name: /^Admin/ }).waitFor();
  await menuFocused(page);
  await page.keyboard.press('a');
  await itemFocused(page, /^Admin/);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Role of Lena Castellano: Admin' }).waitFor();
  const lena = world.tenant.members.find(({ user }) => user.name === 'Lena Castellano');
  assert.equal(lena?.role, 'admin');
  check(watched);
  await page.context().close();
});

test('a member is removed with their keys', async () => {
  const { page, watched } = await open('/o/ORG/members');
  const asked = page.waitForRequest((request) => request.method() === 'DELETE');
  await page.getByRole('button', { name: 'Remove Jonas Petrov' }).click();
  await page.getByLabel(/Revoke their API keys too/).check();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  assert.match((await asked).url(), /api_keys=revoke$/);
  await page.getByText('Removed Jonas Petrov').waitFor();
  await page.getByRole('button', { name: 'Remove Jonas Petrov' }).waitFor({ state: 'detached' });
  check(watched);
  await page.context().close();
});

test('an invitation: its link is shown once, and Escape does not lose it', async () => {
  const { page, watched } = await open('/o/ORG/members?invite=1');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.type('sam@northwind.example');
  await page.keyboard.press('Enter');
  await page.getByText(/\/invitation#/).waitFor();
  await page.keyboard.press('Escape');
  assert.ok(await page.getByText(/\/invitation#/).isVisible());
  await page.getByRole('button', { name: 'I have saved the link' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await page.getByText(/\/invitation#/).count(), 0);
  await page.getByRole('button', { name: 'New link for noor@northwind.example' }).click();
  await page.getByText(/\/invitation#/).waitFor();
  check(watched);
  await page.context().close();
});

test('an invitation is revoked, but not by one click', async () => {
  const { page, watched, calls } = await open('/o/ORG/members');
  const button = page.getByRole('button', { name: 'Revoke the invitation of noor@northwind' });
  await button.click();
  await page
    .getByRole('dialog')
    .getByText(/they do not join Northwind as Developer/)
    .waitFor();
  await page.getByRole('button', { name: 'Keep it' }).click();
  await page.waitForFunction((it) => it === document.activeElement, await button.elementHandle());
  assert.ok(!calls.some((call) => call.startsWith('DELETE ')), 'it was asked first');
  await button.click();
  await page.getByRole('button', { name: 'Revoke invitation' }).click();
  await page.getByText('Revoked the invitation of noor@northwind.example').waitFor();
  await button.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: /^Revoke the invitation of a.very/ }).click();
  await page.getByRole('button', { name: 'Revoke invitation' }).click();
  await page.getByText('Revoked the invitation of a.very.long').waitFor();
  assert.equal(await page.getByRole('dialog').count(), 0);
  check(watched);
  await page.context().close();
});

test('an invitation is followed through the sign-in; its token leaves the address', async () => {
  const { page, watched, calls, org } = await open('/invitation#mine', { signedIn: false });
  await page.getByText('Join Contoso Research').waitFor();
  assert.equal(new URL(page.url()).hash, '');
  await page.getByRole('link', { name: 'Sign in to join' }).click();
  await page.getByLabel('E-mail').fill('mira@northwind.example');
  await page.getByLabel('Password').fill('right');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Join Contoso Research' }).click();
  await page.waitForURL(new RegExp(`${org}/overview`));
  assert.ok(calls.includes('POST /invitations/accept'));
  check(watched);
  await page.context().close();
});

test('what a mode and the first run say follows from what the operator lends', async () => {
  const { page, watched, world, org } = await open('/o/ORG/projects', { state: 'empty' });
  const own = world.session.organisations[0];
  assert.ok(own);
  for (const [platform_keys, credits, ready, keys] of [
    [false, /not lent to this organisation: .*403/, false, /With a key of OpenAI/],
    [true, /which the operator lends to this organisation/, true, /models of OpenAI work already/],
  ] as const) {
    const platform_providers = platform_keys ? [{ provider: 'openai', models: [] }] : [];
    Object.assign(own, { is_operator: false, platform_keys, platform_providers });
    await page.goto(`${ORIGIN}/o/${org}/projects`);
    await page.getByRole('main').getByRole('button', { name: 'Create project' }).first().click();
    const mode = page.getByLabel('Paid by');
    await mode.selectOption('credits');
    const hint = page.locator(`[id="${await mode.getAttribute('aria-describedby')}"]`);
    await hint.getByText(credits).waitFor();
    await page.goto(`${ORIGIN}/o/${org}/provider-keys`);
    await page.getByText(keys).waitFor();
    await page.goto(`${ORIGIN}/o/${org}/activity`);
    const step = page.getByRole('listitem').filter({ hasText: 'A provider to call' });
    await step.getByLabel(ready ? 'Done' : 'To do').waitFor();
    await step.getByText(ready ? /is optional, and comes first/ : /it is sealed/).waitFor();
    // The snippet names a model that a key serves, if there is one.
    const snippet = page.getByRole('region', { name: 'curl snippet' });
    await snippet.getByText(ready ? /"model": "openai\// : /"model": "gpt-4o-mini"/).waitFor();
  }
  check(watched);
  await page.context().close();
});

test('an attempt with one of the platform’s keys says so', async () => {
  const world = makeWorld(new Date());
  const retried = world.requests.find(({ attempts }) => attempts === 2);
  Object.assign(retried?.attempts_detail[1] ?? {}, { platform_key: true });
  const { page, watched } = await open(`/o/ORG/activity?request=${retried?.id}`, { world });
  const said = page.getByRole('dialog').getByText(/answered \d+/);
  await said.first().waitFor();
  const [first, second] = await said.allInnerTexts();
  assert.doesNotMatch(first ?? '', /platform key/);
  assert.match(second ?? '', / \(platform key\) answered 200/);
  check(watched);
  await page.context().close();
});

test('projects: made, edited, archived', async () => {
  const { page, watched } = await open('/o/ORG/projects');
  await page.getByRole('button', { name: 'Create project' }).click();
  await page.getByLabel('Name').fill('Support');
  await page.getByLabel('Paid by').selectOption('api-keys');
  const made = page.waitForRequest((request) => request.method() === 'POST');
  await page.keyboard.press('Tab');
  await page.getByRole('dialog').getByRole('button', { name: 'Create project' }).click();
  assert.deepEqual((await made).postDataJSON(), {
    name: 'Support',
    mode: 'api-keys',
    key_expires_days: null,
    key_models: [],
    key_providers: [],
    key_ip_ranges: [],
  });
  await page.getByText('Created Support').waitFor();
  await page.getByRole('button', { name: 'Archive Storefront' }).click();
  await page.getByText('4 working keys').waitFor();
  const archived = page.waitForRequest((request) => request.method() === 'PATCH');
  await page.getByRole('button', { name: 'Archive project' }).click();
  assert.deepEqual((await archived).postDataJSON(), { archived: true });
  check(watched);
  await page.context().close();
});

test('the audit log: filters are in the address and in the CSV link, an entry opens', async () => {
  const { page, watched, world } = await open('/o/ORG/audit');
  await page.locator('[role=row] a').first().waitFor();
  await page.getByRole('button', { name: 'What', exact: true }).click();
  await page.getByRole('option', { name: 'API keys' }).click();
  await page.getByRole('button', { name: 'Who', exact: true }).click();
  await page.getByRole('option', { name: 'Jonas Petrov' }).click();
  const address = new URL(page.url()).searchParams;
  const jonas = world.tenant.members.find(({ user }) => user.name === 'Jonas Petrov')?.user.id;
  assert.deepEqual([address.get('action'), address.get('actor')], ['api_key', jonas]);
  const csv = await page.getByRole('link', { name: 'CSV' }).getAttribute('href');
  const query = new URL(csv ?? '', ORIGIN).searchParams;
  assert.deepEqual([query.get('action'), query.get('actor')], ['api_key', jonas]);
  const days = (Date.now() - new Date(query.get('from') ?? 0).getTime()) / 86_400_000;
  assert.ok(Math.abs(days - 30) < 0.01, `from ${days} days ago`);
  await page.locator('[role=row] a').first().focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('api_key.create').waitFor();
  assert.match(await dialog.innerText(), /last4\s+–\s+Ty6c/);
  await dialog.getByRole('button', { name: 'All that happened to it' }).click();
  assert.ok(new URL(page.url()).searchParams.get('target'));
  check(watched);
  await page.context().close();
});

test('a viewer is offered nothing here that is refused', async () => {
  const world = makeWorld(new Date(), { role: 'viewer' });
  const { page, watched, org } = await open('/o/ORG/members', { world });
  await page.getByText('Jonas Petrov').waitFor();
  const nav = page.getByRole('navigation');
  assert.equal(await nav.getByRole('link', { name: 'Audit log' }).count(), 0);
  assert.equal(await page.getByText('Invitations').count(), 0);
  for (const name of [/^Invite/, /^Role of/, /^Remove/]) {
    assert.equal(await page.getByRole('button', { name }).count(), 0, String(name));
  }
  assert.equal(await page.getByRole('button', { name: /^Leave/ }).count(), 1);
  await page.goto(`${ORIGIN}/o/${org}/projects`);
  await page.getByText('168,211 requests').waitFor();
  assert.equal(await page.getByRole('button', { name: /^(Create|Edit|Archive) / }).count(), 0);
  await page.goto(`${ORIGIN}/o/${org}/organisation`);
  await page.getByText('5 members').waitFor();
  assert.equal(
    await page
      .getByRole('main')
      .getByRole('button', { name: /Save|Archive/ })
      .count(),
    0,
  );
  await page.goto(`${ORIGIN}/o/${org}/audit`);
  await page.getByText('For admins').waitFor();
  check(watched);
  await page.context().close();
});

test('on a narrow screen the other pages and organisations are under More', async () => {
  const { page, watched, org } = await open('/o/ORG/activity', {}, 390);
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Members' }).click();
  await page.waitForURL(`${ORIGIN}/o/${org}/members`);
  await page.getByRole('button', { name: 'Members' }).click();
  await page.getByRole('menuitemradio', { name: 'Northwind' }).waitFor();
  check(watched);
  await page.context().close();
});

test('a key is rotated by keyboard, disabled and enabled, and given an end', async () => {
  const { page, watched, world } = await open('/o/ORG/api-keys');
  await page.getByText('production backend').waitFor();
  const more = async (item: string) => {
    await page.getByRole('button', { name: 'More for production backend' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: item }).focus();
    await page.keyboard.press('Enter');
  };
  await more('Rotate secret');
  await page.getByLabel('The old secret works on for').selectOption('1');
  const asked = page.waitForRequest((request) => request.url().endsWith('/rotate'));
  await page.getByRole('button', { name: 'Make the new secret' }).click();
  assert.deepEqual((await asked).postDataJSON(), { grace_hours: 1 });
  await page.getByTestId('new-key').waitFor();
  await page.keyboard.press('Escape'); // shown once
  assert.ok(await page.getByTestId('new-key').isVisible());
  await page.getByRole('button', { name: 'I have saved the key' }).click();
  await page
    .getByText(/^Old secret ends in/)
    .first()
    .waitFor();

  const key = world.apiKeys[0] as (typeof world.apiKeys)[0];
  await more('Disable');
  await page.getByText('Disabled production backend').waitFor();
  assert.ok(key.disabled_at);
  await more('Enable');
  await page.getByText('Enabled production backend').waitFor();
  assert.equal(key.disabled_at, null);

  await more('Edit');
  await page.getByLabel('Expires').fill('2099-01-02T03:04');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(key.expires_at, '2099-01-02T03:04:00.000Z');
  check(watched);
  await page.context().close();
});

test('a management token: scopes are chosen, its secret is shown once, Escape does not lose it', async () => {
  const { page, watched } = await open('/o/ORG/management-tokens');
  await page.getByRole('button', { name: 'Create token' }).click();
  const dialog = page.getByRole('dialog');
  const create = dialog.getByRole('button', { name: 'Create token' });
  await page.getByLabel('Name').fill('deployment');
  await page.getByLabel('Role').selectOption('developer');
  await dialog.getByRole('checkbox', { name: /^read/ }).uncheck();
  assert.ok(await create.isDisabled(), 'without a scope it could do nothing');
  await dialog.getByRole('checkbox', { name: /^keys/ }).check();
  const sent = page.waitForRequest((one) => one.method() === 'POST');
  await create.click();
  const { name, role, scopes } = (await sent).postDataJSON();
  assert.deepEqual([name, role, scopes], ['deployment', 'developer', ['keys']]);
  await page.getByTestId('new-token').waitFor();
  await page.keyboard.press('Escape');
  assert.ok(await page.getByTestId('new-token').isVisible());
  await page.getByRole('button', { name: 'I have saved the token' }).click();
  await page.getByTestId('new-token').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Revoke terraform' }).click();
  await page.getByRole('button', { name: 'Revoke token' }).click();
  await page.getByText('Revoked terraform').waitFor();
  check(watched);
  await page.context().close();
});
