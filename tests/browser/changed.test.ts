// Two people change one thing: the second is told, sees what stands, and loses nothing they typed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { check, launch, ORIGIN, serveDashboard, type Watched, watchedPage } from './lib/browser.ts';
import { fakeControl } from './lib/control.ts';
import { makeWorld } from './lib/world.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Two sessions of one organisation at one page. */
async function two(path: string) {
  const world = makeWorld(new Date());
  const org = world.session.organisations[0]?.id ?? '';
  const sessions: Watched[] = [];
  for (let i = 0; i < 2; i += 1) {
    const watched = await watchedPage(browser, { viewport: { width: 1440, height: 900 } });
    await serveDashboard(watched.page);
    await fakeControl(watched.page, { world });
    await watched.page.goto(`${ORIGIN}/o/${org}/${path}`);
    sessions.push(watched);
  }
  const [mine, theirs] = sessions.map(({ page }) => page) as [Page, Page];
  const end = async () => {
    for (const watched of sessions) {
      check(watched);
      await watched.page.context().close();
    }
  };
  return { world, mine, theirs, end };
}

const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true }).click();
const notice = (page: Page) =>
  page.getByRole('alert').filter({ hasText: 'Someone else changed this meanwhile' });
const closed = (page: Page) => page.getByRole('dialog').waitFor({ state: 'detached' });

async function editKey(page: Page) {
  await page.getByRole('button', { name: 'More for production backend' }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
}

test('an API key: what was typed is kept, the rest follows, and saving again works', async () => {
  const { world, mine, theirs, end } = await two('api-keys');
  const key = world.apiKeys[0] as (typeof world.apiKeys)[0];
  await editKey(mine);
  await mine.getByLabel('Name').fill('mine');
  await mine.getByLabel('Addresses').fill('192.0.2.1');
  await editKey(theirs);
  await theirs.getByLabel('Name').fill('theirs');
  await theirs.getByLabel('Expires').fill('2099-01-02T03:04');
  await save(theirs);
  await closed(theirs);

  await save(mine);
  await notice(mine).waitFor();
  await notice(mine)
    .getByText(/Name, which you changed too, is now theirs/)
    .waitFor();
  assert.equal(key.name, 'theirs', 'not overwritten unseen');
  assert.equal(await mine.getByLabel('Name').inputValue(), 'mine');
  assert.equal(await mine.getByLabel('Addresses').inputValue(), '192.0.2.1');
  assert.equal(await mine.getByLabel('Expires').inputValue(), '2099-01-02T03:04');
  await save(mine);
  await closed(mine);
  assert.equal(key.name, 'mine');
  assert.deepEqual(key.ip_ranges, ['192.0.2.1']);
  assert.equal(key.expires_at, '2099-01-02T03:04:00.000Z');
  await end();
});

test('a project: the other field follows, and no conflict is claimed', async () => {
  const { world, mine, theirs, end } = await two('projects');
  for (const page of [mine, theirs]) {
    await page.getByRole('button', { name: 'Edit Storefront' }).click();
  }
  await mine.getByLabel('Name').fill('Shop');
  await theirs.getByLabel('Paid by').selectOption('credits');
  await save(theirs);
  await closed(theirs);
  await save(mine);
  await notice(mine).waitFor();
  assert.equal(await notice(mine).getByText('which you changed too').count(), 0);
  assert.equal(await mine.getByLabel('Paid by').inputValue(), 'credits');
  await save(mine);
  await closed(mine);
  const { name, mode } = world.tenant.projects[0] as (typeof world.tenant.projects)[0];
  assert.deepEqual([name, mode], ['Shop', 'credits']);
  await end();
});

test('the organisation: its own saving is no news, somebody else’s is', async () => {
  const { world, mine, theirs, end } = await two('organisation');
  await mine.getByLabel('Name').fill('Mine');
  await theirs.getByLabel('Name').fill('Theirs');
  await save(theirs);
  await theirs.getByRole('button', { name: 'Organisation: Theirs' }).waitFor();
  assert.equal(await theirs.getByRole('alert').count(), 0);
  await save(mine);
  await notice(mine)
    .getByText(/is now Theirs/)
    .waitFor();
  assert.equal(await mine.getByLabel('Name').inputValue(), 'Mine');
  await save(mine);
  await mine.getByRole('button', { name: 'Organisation: Mine' }).waitFor();
  await notice(mine).waitFor({ state: 'detached' });
  assert.equal(world.tenant.organisation.name, 'Mine');
  await end();
});

test('a role: shown as it is now, and given by choosing once more', async () => {
  const { mine, theirs, end } = await two('members');
  const give = async (page: Page, role: RegExp) => {
    await page.getByRole('button', { name: /^Role of Lena Castellano/ }).click();
    await page.getByRole('menuitemradio', { name: role }).click();
  };
  await mine.getByText('Lena Castellano').waitFor();
  await give(theirs, /^Viewer/);
  await theirs.getByRole('button', { name: 'Role of Lena Castellano: Viewer' }).waitFor();
  await give(mine, /^Admin/);
  await notice(mine).waitFor();
  await mine.getByRole('button', { name: 'Role of Lena Castellano: Viewer' }).waitFor();
  await give(mine, /^Admin/);
  await mine.getByRole('button', { name: 'Role of Lena Castellano: Admin' }).waitFor();
  await end();
});

test('what is about to be revoked or removed is looked at again first', async () => {
  const { world, mine, theirs, end } = await two('api-keys');
  await mine.getByRole('button', { name: 'Revoke production backend' }).click();
  await editKey(theirs);
  await theirs.getByLabel('Name').fill('do not revoke');
  await save(theirs);
  await closed(theirs);
  await mine.getByRole('button', { name: 'Revoke key' }).click();
  await notice(mine).waitFor();
  await mine.getByRole('heading', { name: 'Revoke “do not revoke”?' }).waitFor();
  await mine.getByRole('button', { name: 'Keep it' }).click();
  assert.equal(world.apiKeys[0]?.name, 'do not revoke');
  await end();
});
