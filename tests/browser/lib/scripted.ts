// A test file's browser, and its pages before a scripted API.
import { after, before } from 'node:test';
import type { Browser } from 'playwright-core';
import { launch, ORIGIN, serveDashboard, watchedPage } from './browser.ts';
import { fakeControl } from './control.ts';

/** The `open` of a test file: a page at a path, in which ORG stands for the organisation's id. */
export function scripted() {
  let browser: Browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());
  return async (path: string, choices: Parameters<typeof fakeControl>[1] = {}, width = 1440) => {
    const watched = await watchedPage(browser, { viewport: { width, height: 900 } });
    const { page } = watched;
    await serveDashboard(page);
    const control = await fakeControl(page, choices);
    const org = control.world.session.organisations[0]?.id ?? '';
    await page.goto(ORIGIN + path.replace('ORG', org));
    return { ...control, watched, page, org };
  };
}
