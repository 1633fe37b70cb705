// Saved views against a scripted API: saved, opened, renamed, shared and deleted on the page they are of.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { check, launch, ORIGIN, serveDashboard, watchedPage } from './lib/browser.ts';
import { fakeControl } from './lib/control.ts';
import { tabTo } from './lib/keyboard.ts';
import { makeWorld } from './lib/world.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function open(path: string, choices: Parameters<typeof fakeControl>[1] = {}) {
  const watched = await watchedPage(browser, { viewport: { width: 1440, height: 900 } });
  const { page } = watched;
  await serveDashboard(page);
  const control = await fakeControl(page, choices);
  const org = control.world.session.organisations[0]?.id ?? '';
  await page.goto(ORIGIN + path.replace('ORG', org));
  await page.getByRole('button', { name: 'Views' }).waitFor();
  return { ...control, watched, page, org };
}

const menu = (page: Page) => page.getByRole('button', { name: 'Views' }).click();
const choice = (page: Page, name: string | RegExp) => page.getByRole('menuitemradio', { name });

test('a view opens with its filters, and is the one that holds', async () => {
  const { page, watched } = await open('/o/ORG/activity?status=5xx&request=&live=off');
  await menu(page);
  await choice(page, 'Failures of the week').waitFor();
  assert.equal(await choice(page, 'Spend by person').count(), 0, 'it is of another page');
  await choice(page, 'Failures of the week').click();
  await page.waitForURL(/activity\?range=7d&status=error$/);
  await menu(page);
  await choice(page, 'Failures of the week').waitFor();
  assert.equal(await choice(page, 'Failures of the week').getAttribute('aria-checked'), 'true');
  // Where the tools have no room for pictures, the menu below them has.
  await page.setViewportSize({ width: 390, height: 844 });
  await choice(page, /^Slow answers/)
    .getByRole('img', { name: '(shared)' })
    .waitFor();
  check(watched);
  await page.context().close();
});

test('what is shown is saved by keyboard alone: not the open request, nor the pause', async () => {
  const { page, watched } = await open('/o/ORG/activity?status=error&live=off');
  await tabTo(page, /^Views$/);
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Manage views' }).waitFor();
  await page.waitForFunction(() => document.activeElement?.closest('[role=menu]'));
  const focused = () => page.evaluate(() => (document.activeElement as HTMLElement).innerText);
  for (let i = 0; i < 20 && !(await focused()).startsWith('Save this view'); i++) {
    await page.keyboard.press('ArrowDown');
    await page.waitForTimeout(50);
  }
  assert.match(await focused(), /^Save this view/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByLabel('Name').waitFor();
  await page.keyboard.type('Errors');
  const sent = page.waitForRequest((request) => request.method() === 'POST');
  await page.keyboard.press('Enter');
  assert.deepEqual((await sent).postDataJSON(), {
    name: 'Errors',
    page: 'activity',
    query: 'status=error',
    shared: false,
  });
  await page.getByText('Saved Errors').waitFor();
  await menu(page);
  assert.equal(await choice(page, 'Errors').getAttribute('aria-checked'), 'true');
  check(watched);
  await page.context().close();
});

test('a view is shared, renamed and deleted, and a change says what it was made of', async () => {
  const { page, watched, calls } = await open('/o/ORG/activity');
  await menu(page);
  await page.getByRole('menuitem', { name: 'Manage views' }).click();
  const dialog = page.getByRole('dialog');
  const row = (name: string) => dialog.getByRole('listitem').filter({ hasText: name });
  await row('Failures of the week').getByText('only for you').waitFor();
  const shared = page.waitForRequest((request) => request.method() === 'PATCH');
  await dialog.getByRole('button', { name: 'Share Failures of the week' }).click();
  assert.match((await shared).headers()['if-match'] ?? '', /^1+$/);
  await row('Failures of the week').getByText('shown to everybody').waitFor();
  await dialog.getByRole('button', { name: 'Rename Failures of the week' }).click();
  await dialog.getByLabel('Name').fill('Failures');
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: 'Rename Failures', exact: true }).waitFor();
  const bin = dialog.getByRole('button', { name: 'Delete Failures', exact: true });
  await bin.click();
  await page.getByText(/^Everybody in this organisation loses it/).waitFor();
  await page.keyboard.press('Escape');
  await page.waitForFunction((it) => it === document.activeElement, await bin.elementHandle());
  assert.ok(!calls.some((call) => call.startsWith('DELETE ')), 'it was asked first');
  await bin.click();
  const sent = page.waitForRequest((request) => request.method() === 'DELETE');
  await page.getByRole('button', { name: 'Delete view' }).click();
  assert.ok(await (await sent).headerValue('if-match'));
  await page.getByText('Deleted Failures').waitFor();
  await row('Failures').waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.closest('[role=dialog]'));
  await row('Slow answers').getByText('Mara Lindqvist').waitFor();
  // The dialog of the name had replaced the list's: what opened that one still has the focus back.
  await dialog.getByRole('button', { name: 'Done' }).press('Enter');
  await page.waitForFunction(() => document.activeElement?.textContent?.trim() === 'Views');
  assert.ok(calls.some((call) => call.startsWith('DELETE ') && call.includes('/views/')));
  check(watched);
  await page.context().close();
});

test('a viewer shares nothing and changes nobody else’s', async () => {
  const world = makeWorld(new Date(), { role: 'viewer' });
  const { page, watched } = await open('/o/ORG/activity', { world });
  await menu(page);
  await page.getByRole('menuitem', { name: 'Save this view' }).click();
  await page.getByRole('dialog').getByLabel('Name').waitFor();
  assert.equal(await page.getByLabel('Shown to').count(), 0);
  await page.keyboard.press('Escape');
  await menu(page);
  await page.getByRole('menuitem', { name: 'Manage views' }).click();
  await page.getByRole('button', { name: 'Rename Failures of the week' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Share Failures of the week' }).count(), 0);
  assert.equal(await page.getByRole('button', { name: 'Rename Slow answers' }).count(), 0);
  check(watched);
  await page.context().close();
});

test('analytics has views of its own', async () => {
  const { page, watched } = await open('/o/ORG/analytics');
  await menu(page);
  await choice(page, /Spend by person/).click();
  await page.waitForURL(/analytics\?by=user$/);
  check(watched);
  await page.context().close();
});

test('a project says what its new keys get, and the dialog shows it', async () => {
  const { page, watched, world } = await open('/o/ORG/activity');
  const [org, second] = [world.session.organisations[0], world.tenant.projects[1]];
  await page.goto(`${ORIGIN}/o/${org?.id}/api-keys?create=1&project=${second?.id}`);
  const dialog = page.getByRole('dialog');
  await dialog.getByText('anthropic/*').waitFor();
  assert.equal(await dialog.getByLabel('Expires').inputValue(), '90');
  assert.equal(await dialog.getByLabel('Addresses').inputValue(), '10.0.0.0/8');
  await dialog.getByLabel('Name').fill('as the project says');
  const untouched = page.waitForRequest((request) => request.method() === 'POST');
  await page.keyboard.press('Enter');
  assert.deepEqual((await untouched).postDataJSON(), { name: 'as the project says' });

  await page.goto(`${ORIGIN}/o/${org?.id}/projects`);
  await page.getByRole('button', { name: `Edit ${second?.name}` }).click();
  await dialog.getByLabel('New API keys expire').selectOption('In 30 days');
  await dialog.getByRole('button', { name: 'Remove anthropic/*' }).click();
  const saved = page.waitForRequest((request) => request.method() === 'PATCH');
  await dialog.getByRole('button', { name: 'Save' }).click();
  const { key_expires_days, key_models, key_ip_ranges } = (await saved).postDataJSON();
  assert.deepEqual([key_expires_days, key_models, key_ip_ranges], [30, [], ['10.0.0.0/8']]);
  check(watched);
  await page.context().close();
});
