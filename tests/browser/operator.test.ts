// The operator's pages against a scripted API; against the real one: tests/blackbox/test_operator.py
// and test_catalogue_feed.py.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { violations } from './lib/axe.ts';
import { check, ORIGIN } from './lib/browser.ts';
import { OFFERS } from './lib/operator.ts';
import { scripted } from './lib/scripted.ts';
import { makeWorld } from './lib/world.ts';

const open = scripted();

/** What the next call of that kind sends. */
const sent = (page: Awaited<ReturnType<typeof open>>['page'], method: string, part: string) =>
  page
    .waitForRequest((request) => request.method() === method && request.url().includes(part))
    .then((request) => ({ ...request.postDataJSON(), ifMatch: request.headers()['if-match'] }));

test('a price is laid over the catalogue, in people’s units', async () => {
  const { page, watched } = await open('/o/ORG/catalogue');
  await page.getByRole('button', { name: 'Edit gpt-5-mini at openai' }).click();
  const dialog = page.getByRole('dialog');
  assert.equal(await dialog.getByLabel('Input', { exact: true }).inputValue(), '0.25');
  await dialog.getByLabel('Input', { exact: true }).fill('0.3');
  const request = sent(page, 'PATCH', '/instance/offers/');
  await dialog.getByRole('button', { name: 'Save' }).click();
  const { price, switch: word, ifMatch } = await request;
  assert.equal(price.input, '0.0000003');
  assert.equal(price.output, '0.000002');
  assert.equal(word, undefined);
  assert.ok(ifMatch);
  await dialog.waitFor({ state: 'detached' });
  check(watched);
});

test('a model is switched off from the dialog, and the price typed there is kept', async () => {
  const { page, watched } = await open('/o/ORG/catalogue');
  const tag = 'e'.repeat(32);
  const items = OFFERS.map((one) => ({
    ...one,
    etag: tag,
    model: { ...one.model, enabled: false },
  }));
  let off = false;
  await page.route(/\/api\/v1\/instance\/offers\?/, (route) =>
    off ? route.fulfill({ json: { items, next_cursor: null } }) : route.fallback(),
  );
  await page.getByRole('button', { name: 'Edit gpt-5-mini at openai' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Input', { exact: true }).fill('0.3');
  await dialog.getByText('takes it from every provider').waitFor();
  off = true;
  await dialog.getByRole('button', { name: 'Switch model off' }).click();
  await dialog.getByRole('button', { name: 'Switch model on' }).waitFor();
  await page.getByText('Switched gpt-5-mini off at every provider').waitFor();
  assert.equal(await dialog.getByLabel('Input', { exact: true }).inputValue(), '0.3');
  assert.equal(await dialog.getByText('Someone else changed this').count(), 0);
  const request = sent(page, 'PATCH', '/instance/offers/');
  await dialog.getByRole('button', { name: 'Save' }).click();
  const { price, ifMatch } = await request;
  assert.equal(price.input, '0.0000003');
  assert.equal(ifMatch.replaceAll('"', ''), tag);
  check(watched);
});

test('what is no price is not sent', async () => {
  const { page, watched } = await open('/o/ORG/catalogue');
  await page.getByRole('button', { name: 'Edit gpt-5-mini at openai' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Output', { exact: true }).fill('cheap');
  await dialog.getByText('Give a number as 1.75').waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'Save' }).isDisabled());
  check(watched);
});

test('a file is shown before it is applied', async () => {
  const { page, watched, calls } = await open('/o/ORG/catalogue?tab=imports');
  await page.getByRole('button', { name: 'Import a file' }).click();
  await page.getByLabel('Or its text').fill('{"models": [1]}');
  const given = sent(page, 'POST', '/catalogue-versions');
  await page.getByRole('button', { name: 'See what it changes' }).click();
  assert.equal((await given).content, '{"models": [1]}');
  const dialog = page.getByRole('dialog', { name: 'What this would change' });
  await dialog.getByText('your own price stays').waitFor();
  assert.match(
    await dialog
      .getByRole('row', { name: /gpt-5 / })
      .first()
      .innerText(),
    /\$1\.25 → \$1\.15/,
  );
  assert.ok(!calls.some((call) => call.endsWith('/apply')), 'nothing is applied yet');
  await dialog.getByRole('button', { name: 'Apply' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.ok(calls.some((call) => call.endsWith('/apply')));
  check(watched);
});

test('an organisation is suspended with a reason', async () => {
  const { page, watched } = await open('/o/ORG/organisations');
  await page.getByRole('button', { name: 'Suspend Tailspin' }).click();
  const dialog = page.getByRole('dialog');
  assert.ok(await dialog.getByRole('button', { name: 'Suspend', exact: true }).isDisabled());
  await dialog.getByLabel('Reason').fill('Unpaid');
  const request = sent(page, 'POST', '/suspend');
  await page.keyboard.press('Enter');
  assert.equal((await request).reason, 'Unpaid');
  await dialog.waitFor({ state: 'detached' });
  check(watched);
});

test('the platform’s keys are lent to an organisation', async () => {
  const { page, watched } = await open('/o/ORG/organisations');
  const request = sent(page, 'POST', '/lend');
  await page.getByRole('button', { name: 'Lend keys to Tailspin' }).click();
  await request;
  await page.getByText('Tailspin may use the platform’s keys').waitFor();
  check(watched);
});

test('the feed and the settings are saved with the tag that was read', async () => {
  const { page, watched, org } = await open('/o/ORG/catalogue?tab=feed');
  await page.getByLabel('Fetched').selectOption('daily');
  const feed = sent(page, 'PATCH', '/instance/feed');
  await page.getByRole('button', { name: 'Save' }).click();
  const { schedule, ifMatch } = await feed;
  assert.ok(schedule === 'daily' && ifMatch);
  await page.goto(`${ORIGIN}/o/${org}/instance`);
  await page.getByLabel('Announcement').fill('Maintenance on Sunday');
  const settings = sent(page, 'PATCH', '/instance/settings');
  await page.getByRole('button', { name: 'Save' }).click();
  assert.equal((await settings).announcement, 'Maintenance on Sunday');
  check(watched);
});

test('members see the announcement and why their organisation is suspended', async () => {
  const world = makeWorld(new Date());
  world.session.announcement = 'Maintenance on Sunday';
  const [org] = world.session.organisations;
  if (org) org.suspended = { at: new Date().toISOString(), reason: 'Unpaid since May.' };
  for (const width of [1440, 390]) {
    const { page, watched } = await open('/o/ORG/api-keys', { world }, width);
    await page.getByText('Maintenance on Sunday').waitFor();
    await page.getByText('Unpaid since May.').waitFor();
    await page.getByText('production backend').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Create API key' }).count(), 0);
    await page.getByRole('button', { name: 'Revoke production backend' }).waitFor();
    assert.equal(await page.getByRole('button', { name: /^(More for|AWS) / }).count(), 0);
    await page.goto(`${ORIGIN}/o/${org?.id}/playground`);
    await page.getByText('Use this key').waitFor();
    if (width === 1440)
      assert.ok(await page.evaluate(() => document.body.scrollHeight <= innerHeight));
    assert.deepEqual(await violations(page), []);
    check(watched);
  }
});

test('of what a suspended organisation has only deleting is left', async () => {
  const world = makeWorld(new Date());
  const [org] = world.session.organisations;
  if (org) org.suspended = { at: new Date().toISOString(), reason: 'Unpaid since May.' };
  const { page, watched } = await open('/o/ORG/provider-keys', { world });
  await page
    .getByRole('button', { name: /^More for / })
    .first()
    .click();
  assert.deepEqual(await page.getByRole('menuitem').allInnerTexts(), ['Delete']);
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('button', { name: /^Move / }).count(), 0);
  for (const [path, stays] of [
    ['projects', 'API keys'],
    ['members', 'Remove'],
    ['custom-providers', 'Delete'],
    ['organisation', 'Holds'],
  ] as const) {
    await page.goto(`${ORIGIN}/o/${org?.id}/${path}`);
    await page.locator('main').getByText(stays).first().waitFor();
    const left = page
      .locator('main')
      .getByRole('button', { name: /^(Edit|Archive |Role|Rename|Save)/ });
    assert.deepEqual(await left.allInnerTexts(), [], path);
  }
  check(watched);
});

test('who does not operate the instance finds none of it', async () => {
  const world = makeWorld(new Date());
  world.session.user.is_operator = false;
  const { page, org, calls } = await open('/o/ORG/organisation', { world });
  await page.getByRole('heading', { name: 'Organisation' }).waitFor();
  assert.equal(await page.getByRole('navigation').getByText('Catalogue').count(), 0);
  for (const name of ['catalogue', 'organisations', 'instance']) {
    await page.goto(`${ORIGIN}/o/${org}/${name}`);
    await page.getByText('There is no such page').waitFor();
  }
  assert.ok(!calls.some((call) => call.includes('/instance/')));
});
