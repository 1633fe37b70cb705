// Somebody else changes a provider of one's own, an offer, the feed or the instance's settings while
// they are edited: what was typed is kept, the rest follows, and saving again is of what stands.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { check, launch, ORIGIN, serveDashboard, watchedPage } from './lib/browser.ts';
import { fakeControl } from './lib/control.ts';
import { CUSTOM } from './lib/custom.ts';
import { FEED, OFFERS, SETTINGS } from './lib/operator.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const TAG = 'f'.repeat(32);
const REFUSAL = {
  status: 412,
  json: {
    type: 'urn:doteb:problem:changed',
    title: 'Changed meanwhile',
    status: 412,
    detail: 'It has been changed since you read it; read it again.',
    field: 'If-Match',
  },
};

/** A page where the first edit comes too late: from then on `list` answers `now`. */
async function late(path: string, list: string, edited: string, now: object) {
  const watched = await watchedPage(browser, { viewport: { width: 1440, height: 900 } });
  const { page } = watched;
  await serveDashboard(page);
  const { world } = await fakeControl(page);
  const bodies: Record<string, unknown>[] = [];
  let moved = false;
  await page.route(new RegExp(`/api/v1/.*${list}(\\?.*)?$`), (route) =>
    moved && route.request().method() === 'GET' ? route.fulfill({ json: now }) : route.fallback(),
  );
  await page.route(new RegExp(`/api/v1/.*${edited}$`), async (route) => {
    if (route.request().method() !== 'PATCH') return route.fallback();
    const tag = (route.request().headers()['if-match'] ?? '').replaceAll('"', '');
    if (tag !== TAG) {
      moved = true;
      return route.fulfill(REFUSAL);
    }
    bodies.push(route.request().postDataJSON());
    return route.fallback();
  });
  await page.goto(ORIGIN + path.replace('ORG', world.session.organisations[0]?.id ?? ''));
  const end = async () => {
    check(watched);
    await page.context().close();
  };
  return { page, bodies, end };
}

const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true }).click();
const notice = (page: Page) =>
  page.getByRole('alert').filter({ hasText: 'Someone else changed this meanwhile' });
const saved = (page: Page, text: string) => page.getByText(text).first().waitFor();

test('a custom provider', async () => {
  const base_url = 'https://theirs.example/v1';
  const items = CUSTOM.map((one) => ({ ...one, base_url, etag: TAG }));
  const { page, bodies, end } = await late(
    '/o/ORG/custom-providers',
    'custom-providers',
    'custom-providers/[^/]+',
    { items, next_cursor: null },
  );
  await page.getByRole('button', { name: 'Edit The rack in Ulm' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Mine');
  await save(page);
  await notice(page).waitFor();
  assert.equal(await notice(page).getByText('which you changed too').count(), 0);
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Mine');
  assert.equal(await page.getByLabel('Base URL').inputValue(), base_url);
  await save(page);
  await saved(page, 'Saved Mine');
  assert.deepEqual([bodies[0]?.name, bodies[0]?.base_url], ['Mine', undefined]);
  await end();
});

test('an offer: the price that somebody else set is not set back by a switch', async () => {
  const items = OFFERS.map((one) => ({ ...one, etag: TAG, price: { ...one.price, input: '0.9' } }));
  const { page, bodies, end } = await late('/o/ORG/catalogue', 'instance/offers', 'offers/[^/]+', {
    items,
    next_cursor: null,
  });
  await page.getByRole('button', { name: 'Edit gpt-5-mini at openai' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Offer').selectOption('off');
  await save(page);
  await notice(page).waitFor();
  assert.equal(await dialog.getByLabel('Input', { exact: true }).inputValue(), '900000');
  await save(page);
  await dialog.waitFor({ state: 'detached' });
  assert.deepEqual(bodies, [{ switch: 'off' }]);
  await end();
});

test('the settings: both changed the announcement', async () => {
  const now = { ...SETTINGS, announcement: 'Theirs', etag: TAG };
  const { page, bodies, end } = await late(
    '/o/ORG/instance',
    'instance/settings',
    'instance/settings',
    now,
  );
  await page.getByLabel('Announcement').fill('Mine');
  await save(page);
  await notice(page)
    .getByText(/Announcement, which you changed too, is now Theirs/)
    .waitFor();
  assert.equal(await page.getByLabel('Announcement').inputValue(), 'Mine');
  await save(page);
  await saved(page, 'Saved');
  assert.equal(bodies[0]?.announcement, 'Mine');
  await end();
});

test('the feed: what was typed is not lost', async () => {
  const now = { ...FEED, schedule: 'daily', automatic: !FEED.automatic, etag: TAG };
  const { page, bodies, end } = await late(
    '/o/ORG/catalogue?tab=feed',
    'instance/feed',
    'instance/feed',
    now,
  );
  await page.getByLabel('URL').fill('https://mine.example/catalogue.json');
  await save(page);
  await notice(page).waitFor();
  assert.equal(await page.getByLabel('URL').inputValue(), 'https://mine.example/catalogue.json');
  assert.equal(await page.getByLabel('Fetched').inputValue(), 'daily');
  await save(page);
  await saved(page, 'Saved the feed');
  const { url, schedule, automatic } = bodies[0] ?? {};
  assert.deepEqual(
    [url, schedule, automatic],
    ['https://mine.example/catalogue.json', 'daily', !FEED.automatic],
  );
  await end();
});
