// Overview, explorer and models against a scripted API: what addresses hold, brushes, tables, links.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { check, launch, ORIGIN, serveDashboard, watchedPage } from './lib/browser.ts';
import { fakeControl } from './lib/control.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function open(path: string, width = 1440) {
  const watched = await watchedPage(browser, { viewport: { width, height: 1000 } });
  const { page } = watched;
  await serveDashboard(page);
  const control = await fakeControl(page);
  const org = control.world.session.organisations[0]?.id ?? '';
  await page.goto(ORIGIN + path.replace('ORG', org));
  return { ...control, watched, page, org };
}

const words = (page: Page) => new URL(page.url()).searchParams;

test('overview: figures, charts as tables, a brush that zooms, failures that open', async () => {
  const { page, watched, world } = await open('/o/ORG/overview?range=30d');
  const figures = page.getByRole('region', { name: 'Figures of this range' });
  await figures.getByText(String(world.requests.length), { exact: true }).waitFor();

  await page.getByRole('button', { name: 'Table of Spend by model' }).click();
  const table = page.getByRole('region', { name: 'Spend by model, table' });
  assert.equal(await table.getByRole('row').count(), 32);
  assert.match(await table.innerText(), /14 others/);
  await page.getByRole('button', { name: 'Chart of Spend by model' }).click();

  // The crosshair is shared: over one chart, all figures are of that day.
  const chart = page.getByRole('img', { name: 'Requests by outcome, chart' });
  const box = await chart.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * 0.7, box.y + 80);
  await figures
    .getByText(/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), /)
    .first()
    .waitFor();

  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.9, box.y + 80, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/from=/);
  const [from, to] = ['from', 'to'].map((name) => Date.parse(words(page).get(name) ?? ''));
  assert.ok(from && to && to > from && to - from < 12 * 86_400_000);
  await page.goBack();

  const failure = page.getByRole('region', { name: 'Latest failures' }).getByRole('listitem');
  await failure.first().getByRole('link').click();
  await page.getByText('Tokens and cost').waitFor();
  assert.equal(words(page).get('range'), '30d');
  check(watched);
  await page.context().close();
});

test('a chart is drawn anew when its font has come', async () => {
  const watched = await watchedPage(browser, { viewport: { width: 1440, height: 1000 } });
  const { page } = watched;
  await serveDashboard(page);
  let come = () => {};
  const font = new Promise<void>((resolve) => {
    come = resolve;
  });
  await page.route('**/*.woff2', async (route) => {
    await font;
    await route.fallback();
  });
  const { world } = await fakeControl(page);
  const org = world.session.organisations[0]?.id;
  await page.goto(`${ORIGIN}/o/${org}/analytics?range=30d`, { waitUntil: 'domcontentloaded' });
  await page.getByRole('heading', { name: 'Ranked' }).waitFor();
  const canvas = page.locator('canvas');
  const drawn = () => canvas.evaluate((it) => (it as HTMLCanvasElement).toDataURL());
  const without = await drawn();
  come();
  await page.waitForFunction(
    (old) => document.querySelector('canvas')?.toDataURL() !== old,
    without,
  );
  check(watched);
  await page.context().close();
});

test('analytics: the address holds what is shown, and rows limit it', async () => {
  const { page, watched } = await open('/o/ORG/analytics?range=30d');
  await page.getByLabel('Show measure').selectOption('requests');
  await page.getByLabel('Group by').selectOption('provider');
  await page.getByLabel('and by').selectOption('model');
  await page.getByRole('columnheader', { name: 'Provider' }).waitFor();
  for (const [name, value] of [
    ['measure', 'requests'],
    ['by', 'provider'],
    ['and', 'model'],
  ]) {
    assert.equal(words(page).get(name as string), value);
  }
  const rows = page.getByRole('region', { name: 'Ranked, table' }).getByRole('row');
  await rows.nth(15).waitFor(); // what was asked for last is there
  const before = await rows.count();
  assert.ok(before > 15);
  await page.getByRole('button', { name: 'groq' }).first().click();
  await page.getByRole('button', { name: 'Remove the filter Provider' }).waitFor();
  assert.equal(words(page).get('provider'), 'groq');
  await rows.nth(before - 1).waitFor({ state: 'detached' });

  const csv = await page.getByRole('link', { name: 'CSV' }).getAttribute('href');
  const asked = new URL(csv ?? '', ORIGIN);
  assert.match(asked.pathname, /\/analytics\/export$/);
  assert.equal(asked.searchParams.get('group_by'), 'provider,model');
  assert.equal(asked.searchParams.get('provider'), 'groq');

  // A link shows the same; back undoes one step.
  const address = page.url();
  await page.goto('about:blank');
  await page.goto(address);
  await page.getByRole('button', { name: 'Remove the filter Provider' }).waitFor();
  await page.getByRole('button', { name: 'Remove the filter Provider' }).click();
  await page.getByLabel('Group by').selectOption('outcome');
  await page.getByLabel('and by').selectOption('');
  assert.ok(await page.getByLabel('Show measure').isDisabled());
  await page.getByRole('rowheader', { name: 'upstream error' }).waitFor();
  check(watched);
  await page.context().close();
});

test('analytics: tags and end users, and only what is counted of them', async () => {
  const { page, watched } = await open('/o/ORG/analytics?range=30d&measure=p95_ms&and=provider');
  await page.getByRole('columnheader', { name: 'Model' }).waitFor();
  await page.getByLabel('Group by').selectOption('end_user');
  await page.getByRole('columnheader', { name: 'End user' }).waitFor();
  assert.equal(words(page).get('by'), 'end_user');
  assert.equal(await page.getByLabel('Show measure').inputValue(), 'cost');
  assert.deepEqual(await page.getByLabel('and by').locator('option').allInnerTexts(), [
    'nothing else',
    'Project',
  ]);
  const headers = await page.getByRole('columnheader').allInnerTexts();
  assert.ok(!headers.some((name) => /p95|Cached/.test(name)), headers.join());

  await page
    .getByRole('button', { name: /^customer-/ })
    .first()
    .click();
  await page.getByRole('button', { name: 'Remove the filter End user' }).waitFor();
  const chosen = words(page).get('end_user') ?? '';
  assert.match(chosen, /^customer-/);
  assert.deepEqual(await page.getByLabel('Group by').locator('option').allInnerTexts(), [
    'End user',
    'Project',
    'All together',
  ]);
  const csv = await page.getByRole('link', { name: 'CSV' }).getAttribute('href');
  const asked = new URL(csv ?? '', ORIGIN).searchParams;
  assert.deepEqual(
    ['group_by', 'end_user', 'measures'].map((name) => asked.get(name)),
    ['end_user', chosen, 'cost,requests,errors,input_tokens,output_tokens'],
  );
  await page.getByRole('button', { name: 'Remove the filter End user' }).click();
  await page.getByLabel('Group by').selectOption('tag');
  await page.getByText('a request counts for each of its tags').waitFor();
  await page.getByRole('button', { name: 'storefront', exact: true }).click();
  await page.getByRole('button', { name: 'Remove the filter Tag' }).waitFor();
  await page.getByText(/^1 group ·/).waitFor();
  await page.getByRole('heading', { name: 'Spend over time', exact: true }).waitFor();
  check(watched);
  await page.context().close();
});

test('analytics: a source is text whatever it says, a filter, and part of a view', async () => {
  const { page, watched, world } = await open('/o/ORG/analytics?range=30d');
  await page.getByRole('columnheader', { name: 'Model' }).waitFor();
  const hostile = '<img src=x onerror="document.title=1">';
  world.requests.forEach((row, i) => {
    if (i % 3 === 0) row.source = hostile;
  });
  await page.getByLabel('Group by').selectOption('source');
  await page.getByRole('columnheader', { name: 'Source' }).waitFor();
  await page.getByRole('button', { name: 'northwind.example', exact: true }).waitFor();
  await page.getByRole('button', { name: hostile, exact: true }).click();
  await page.getByRole('button', { name: 'Remove the filter Source' }).waitFor();
  assert.equal(words(page).get('source'), hostile);
  assert.equal(await page.locator('img[src=x]').count(), 0);
  const csv = await page.getByRole('link', { name: 'CSV' }).getAttribute('href');
  assert.equal(new URL(csv ?? '', ORIGIN).searchParams.get('source'), hostile);

  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitem', { name: /^Save this view/ }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Of one source');
  const sent = page.waitForRequest((request) => request.method() === 'POST');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  const saved = new URLSearchParams((await sent).postDataJSON().query);
  assert.deepEqual([saved.get('by'), saved.get('source')], ['source', hostile]);
  await page.getByText('Saved Of one source').waitFor();
  await page.getByRole('button', { name: 'Remove the filter Source' }).click();
  await page.getByLabel('Group by').selectOption('model');
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitemradio', { name: 'Of one source' }).click();
  await page.getByRole('button', { name: 'Remove the filter Source' }).waitFor();
  assert.deepEqual([words(page).get('by'), words(page).get('source')], ['source', hostile]);
  check(watched);
  await page.context().close();
});

test('models: search, what can be called, and the address', async () => {
  const { page, watched } = await open('/o/ORG/models');
  const cards = page.getByRole('main').getByRole('heading', { level: 2 });
  await cards.first().waitFor();
  const mine = await cards.count();
  await page.getByRole('button', { name: 'All', exact: true }).click();
  await page.waitForURL(/offers=all/);
  await page.getByText('26 models').waitFor();
  assert.ok(mine < 26);
  await page.getByLabel('Search models').fill('gpt mini');
  await page.getByText('2 models').waitFor();
  assert.equal(words(page).get('q'), 'gpt mini');
  assert.equal(await cards.count(), 2);
  await page.getByRole('button', { name: 'Copy gpt-5-mini' }).waitFor();
  await page.getByLabel('Search models').fill('no such model');
  await page.getByRole('button', { name: 'Show all models' }).click();
  await page.getByText('26 models').waitFor();
  check(watched);
  await page.context().close();
});

test('on a narrow screen figures are cards, and nothing scrolls sideways', async () => {
  for (const path of ['analytics?range=30d&by=provider&and=model', 'models']) {
    const { page, watched } = await open(`/o/ORG/${path}`, 390);
    await page.locator('main li h3').first().waitFor();
    const wide = await page.evaluate(() =>
      [...document.querySelectorAll('main *')]
        .filter((one) => getComputedStyle(one).overflowX === 'auto')
        .filter((one) => one.scrollWidth > one.clientWidth)
        .map((one) => one.getAttribute('aria-label') ?? one.className),
    );
    assert.deepEqual(wide, [], path);
    if (path.startsWith('analytics')) {
      const list = page.getByRole('list', { name: 'Ranked, list' });
      await list.getByRole('button', { name: 'groq' }).first().click();
      await page.getByRole('button', { name: 'Remove the filter Provider' }).waitFor();
    }
    check(watched);
    await page.context().close();
  }
});
