// Every page and state, dark and light: no axe violation, nothing sticks out
// sideways, nothing on the console, no request elsewhere.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { violations } from './axe.ts';
import { check, launch, ORIGIN, watchedPage } from './browser.ts';
import { GATEWAY } from './gateway.ts';
import { show, VIEWS } from './views.ts';

/** The tests of one size; a file for each, since all together take long. */
export function testViews(viewport: { width: number; height: number }) {
  let browser: Browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());

  for (const view of VIEWS) {
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

  test('axe finds what is wrong', async () => {
    const { page } = await watchedPage(browser);
    await show(page, VIEWS.find(({ name }) => name === 'login') as (typeof VIEWS)[0]);
    await page.evaluate(() => document.querySelector('label')?.remove());
    assert.match((await violations(page)).join(), /label/);
    await page.context().close();
  });
}
