// The first minutes of somebody new: each page says what to do next, also where there is no mail.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { violations } from './lib/axe.ts';
import { check, launch, ORIGIN, serveDashboard, watchedPage } from './lib/browser.ts';
import { fakeControl } from './lib/control.ts';
import { makeWorld } from './lib/world.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function open(path: string, choices: Parameters<typeof fakeControl>[1] = {}) {
  const watched = await watchedPage(browser, { viewport: { width: 1280, height: 860 } });
  const { page } = watched;
  await serveDashboard(page);
  const { world } = await fakeControl(page, choices);
  await page.goto(ORIGIN + path.replace('ORG', world.session.organisations[0]?.id ?? ''));
  return { watched, page };
}

test('without mail the sign-in says whom to ask, and nobody types an address in vain', async () => {
  const { page, watched } = await open('/login', { signedIn: false, mail: false });
  await page.getByText('Ask who runs this instance').waitFor();
  assert.equal(await page.getByRole('link').count(), 0);
  assert.deepEqual(await violations(page), []);
  for (const path of ['/sign-up', '/reset']) {
    await page.goto(ORIGIN + path);
    await page.getByText('This instance sends no mail').waitFor();
    assert.equal(await page.getByLabel('E-mail').count(), 0);
    await page.getByRole('link', { name: 'Back to sign in' }).waitFor();
  }
  check(watched);
  await page.context().close();
});

test('with mail nothing of that is said', async () => {
  const { page, watched } = await open('/login', { signedIn: false });
  await page.getByRole('link', { name: 'Create an account' }).waitFor();
  assert.equal(await page.getByText('Ask who runs this instance').count(), 0);
  check(watched);
  await page.context().close();
});

test('an address that was mistyped is typed again', async () => {
  const { page, watched } = await open('/sign-up', { signedIn: false });
  await page.getByLabel('E-mail').fill('mira@northwnd.example');
  await page.keyboard.press('Enter');
  await page.getByText('mira@northwnd.example').waitFor();
  await page.getByRole('button', { name: 'Another address' }).click();
  assert.equal(await page.getByLabel('E-mail').inputValue(), 'mira@northwnd.example');
  await page.getByLabel('E-mail').fill('mira@northwind.example');
  await page.keyboard.press('Enter');
  await page.getByText('mira@northwind.example').waitFor();
  assert.deepEqual(await violations(page), []);
  check(watched);
  await page.context().close();
});

test('of the steps to the first request the next one stands out: a provider, then a key', async () => {
  const world = makeWorld(new Date());
  const [org] = world.session.organisations;
  assert.ok(org);
  Object.assign(org, { is_operator: false, platform_keys: false });
  const { page, watched } = await open('/o/ORG/activity', { state: 'empty', world });
  const colour = (name: string) =>
    page
      .getByRole('link', { name, exact: true })
      .evaluate((link) => getComputedStyle(link).backgroundColor);
  await page.getByRole('heading', { name: 'Send the first request' }).waitFor();
  const [first, second] = [await colour('Add provider key'), await colour('Create API key')];
  assert.notEqual(first, second);
  // The operator lends keys: there is a provider, and the key is next.
  Object.assign(org, {
    platform_keys: true,
    platform_providers: [{ provider: 'openai', models: [] }],
  });
  await page.reload();
  await page.getByText('Ready: the platform’s keys').waitFor();
  assert.equal(await colour('Create API key'), first);
  assert.equal(await colour('Add your own'), second);
  check(watched);
  await page.context().close();
});
