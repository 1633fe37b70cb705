// Windows between a phone and a desk, where the rail leaves little room: nothing is cut off, nothing
// lies over another thing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { check, launch, ORIGIN, watchedPage } from './lib/browser.ts';
import { GATEWAY } from './lib/gateway.ts';
import { show, VIEWS } from './lib/views.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** By how much rows are wider than their table, and the title overlaps what stands beside it. */
const faults = (page: Page) =>
  page.evaluate(() => {
    const found: string[] = [];
    const over = document.documentElement.scrollWidth - innerWidth;
    if (over > 0) found.push(`the page sticks out by ${over} px`);
    for (const row of document.querySelectorAll('[role=table] [role=row]')) {
      const cut = row.scrollWidth - row.clientWidth;
      const unseen = row.closest('.visually-hidden'); // the head of cards
      if (cut > 0 && !unseen) found.push(`a row is cut by ${cut} px`);
    }
    const title = document.createRange();
    title.selectNodeContents(document.querySelector('h1') as Element);
    const right = title.getBoundingClientRect().right;
    for (const one of document.querySelectorAll('header:has(h1) :is(a, button)')) {
      const { left, width } = one.getBoundingClientRect();
      if (width > 0 && left < right) found.push(`${one.textContent} lies over the title`);
    }
    return [...new Set(found)];
  });

for (const name of [
  'overview',
  'activity',
  'analytics',
  'models',
  'playground',
  'api-keys',
  'huge-api-keys',
  'names-api-keys',
  'provider-keys',
  'projects',
  'members',
  'audit',
  'catalogue',
  'organisations',
  'instance',
]) {
  test(`${name} between 768 and 1200 px`, async () => {
    const watched = await watchedPage(browser, { reducedMotion: 'reduce' }, ORIGIN, GATEWAY);
    const { page } = watched;
    await page.setViewportSize({ width: 1200, height: 900 });
    await show(page, VIEWS.find((view) => view.name === name) as (typeof VIEWS)[0]);
    for (const width of [1200, 1024, 990, 900, 800, 768]) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForTimeout(60);
      assert.deepEqual(await faults(page), [], `at ${width} px`);
    }
    check(watched);
    await page.context().close();
  });
}

test('a cut row and a hidden title are found', async () => {
  const { page } = await watchedPage(browser, { viewport: { width: 1200, height: 900 } });
  await show(page, VIEWS.find(({ name }) => name === 'audit') as (typeof VIEWS)[0]);
  await page.evaluate(() => {
    const row = document.querySelector<HTMLElement>('[role=table] [role=row]');
    if (row) row.style.gridTemplateColumns = '2000px';
    const heading = document.querySelector('h1');
    if (heading) heading.textContent = 'Audit log '.repeat(40);
  });
  const found = (await faults(page)).join();
  assert.match(found, /a row is cut/);
  assert.match(found, /lies over the title/);
  await page.context().close();
});
