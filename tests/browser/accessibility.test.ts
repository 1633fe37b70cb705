// Every page and state, wide and narrow, dark and light: no axe violation, nothing sticks out
// sideways, nothing on the console, no request elsewhere.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { violations } from './lib/axe.ts';
import { check, launch, ORIGIN, watchedPage } from './lib/browser.ts';
import { GATEWAY } from './lib/gateway.ts';
import { show, VIEWS } from './lib/views.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const SIZES = [
  { width: 1440, height: 900 },
  { width: 360, height: 740 },
];

for (const view of VIEWS) {
  for (const viewport of SIZES) {
    test(`${view.name}, ${viewport.width} px`, async () => {
      const watched = await watchedPage(
        browser,
        { viewport, reducedMotion: 'reduce' },
        ORIGIN,
        GATEWAY,
      );
      const { page } = watched;
      await show(page, view);
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme });
        assert.deepEqual(await violations(page), [], colorScheme);
      }
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${over} px stick out`);
      check(watched);
      await page.context().close();
    });
  }
}

test('axe finds what is wrong', async () => {
  const { page } = await watchedPage(browser);
  await show(page, VIEWS.find(({ name }) => name === 'login') as (typeof VIEWS)[0]);
  await page.evaluate(() => document.querySelector('label')?.remove());
  assert.match((await violations(page)).join(), /label/);
  await page.context().close();
});
