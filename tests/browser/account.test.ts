// The end of an account, and finding one of very many organisations, against a scripted API.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { check, launch, ORIGIN, serveDashboard, watchedPage } from './lib/browser.ts';
import { fakeControl } from './lib/control.ts';
import { nothingInTheWay } from './lib/views_account.ts';
import { makeWorld } from './lib/world.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function open(path: string, choices: Parameters<typeof fakeControl>[1] = {}, width = 1440) {
  const watched = await watchedPage(browser, { viewport: { width, height: 900 } });
  const { page } = watched;
  await serveDashboard(page);
  const control = await fakeControl(page, choices);
  const org = control.world.session.organisations[0]?.id ?? '';
  await page.goto(ORIGIN + path.replace('ORG', org));
  return { ...control, watched, page, org };
}

test('an account is deleted when nothing stands in the way, and the page says what does', async () => {
  const { page, watched, calls } = await open('/o/ORG/account');
  await page.getByRole('button', { name: 'Delete account…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Nobody else operates it.').waitFor();
  assert.equal(await dialog.getByLabel('Your password').count(), 0);
  const archive = await dialog
    .getByRole('link', { name: 'Archive it: Contoso' })
    .getAttribute('href');
  assert.match(archive ?? '', /^\/o\/[0-9a-f-]{36}\/organisation$/);
  const members = await dialog.getByRole('link', { name: 'Members of' }).getAttribute('href');
  assert.match(members ?? '', /^\/o\/[0-9a-f-]{36}\/members$/);
  await page.keyboard.press('Escape');

  await nothingInTheWay(page);
  await page.getByRole('button', { name: 'Delete account…' }).click();
  await dialog.getByLabel('Your password').fill('right');
  await dialog.getByLabel(/^Revoke my 4 API keys too/).check();
  const asked = page.waitForRequest(
    (request) => request.method() === 'POST' && request.url().endsWith('/account/deletion'),
  );
  await page.keyboard.press('Enter');
  assert.deepEqual((await asked).postDataJSON(), { password: 'right', api_keys: 'revoke' });
  await page.waitForURL(`${ORIGIN}/login`);
  await page.getByText('Deleted your account').waitFor();
  assert.ok(calls.includes('POST /account/deletion'));
  await page.goto(`${ORIGIN}/`);
  await page.getByLabel('E-mail').waitFor();
  check(watched);
  await page.context().close();
});

test('with two-step sign-in, deleting the account takes a code', async () => {
  const { page, watched } = await open('/o/ORG/account', { account: { second_factor: true } });
  await nothingInTheWay(page);
  await page.getByRole('button', { name: 'Delete account…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Your password').fill('right');
  await dialog.getByLabel('Code', { exact: true }).fill('ABCD-EFGH-IJKL-MNOP');
  const asked = page.waitForRequest('**/account/deletion');
  await page.keyboard.press('Enter');
  const { code } = (await asked).postDataJSON();
  assert.equal(code, 'ABCD-EFGH-IJKL-MNOP');
  check(watched);
  await page.context().close();
});

test('of more organisations than the menu shows, one is found by its name', async () => {
  const world = makeWorld(new Date());
  const [own] = world.session.organisations;
  assert.ok(own);
  Object.defineProperty(world.session, 'organisations_total', { value: 500, enumerable: true });
  const far = { ...own, id: '00000000-0000-7abe-8abe-00000000f001', name: 'Tailspin 499' };
  const { page, watched, org } = await open('/o/ORG/activity', { world });
  const asked: string[] = [];
  await page.route('**/api/v1/account/organisations?**', (route) => {
    asked.push(new URL(route.request().url()).searchParams.get('q') ?? '');
    const items = [far, own].map(({ id, name, role }) => ({ id, name, role }));
    return route.fulfill({ json: { items, next_cursor: null } });
  });
  await page.route('**/api/v1/session?**', (route) => {
    const named = new URL(route.request().url()).searchParams.get('organisation');
    const organisations = named === far.id ? [own, far] : [own];
    return route.fulfill({ json: { ...world.session, organisations } });
  });
  await page.locator('[role=row] a').first().waitFor();
  await page.getByRole('button', { name: 'Organisation: Northwind' }).click();
  await page.getByRole('menuitem', { name: 'All 500 organisations…' }).click();
  await page.getByRole('combobox', { name: 'Find an organisation' }).fill('spin');
  await page.getByRole('option', { name: 'Tailspin 499' }).click();
  await page.getByRole('button', { name: 'Organisation: Tailspin 499' }).waitFor();
  assert.ok(page.url().includes(far.id) && asked.includes('spin'));
  // A link to it, and a page that is loaded there, work as well.
  await page.reload();
  await page.getByRole('button', { name: 'Organisation: Tailspin 499' }).waitFor();
  await page.goto(`${ORIGIN}/o/${org}/activity`);
  await page.getByRole('button', { name: 'Organisation: Northwind' }).waitFor();
  check(watched);
  await page.context().close();
});
