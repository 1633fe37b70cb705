// What stands in a line stands in it whole and level: no word is cut, hidden or broken.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { check, launch, watchedPage } from './lib/browser.ts';
import { show, VIEWS } from './lib/views.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const WIDE = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

async function look(name: string, viewport: typeof WIDE, judge: (page: Page) => Promise<void>) {
  const watched = await watchedPage(browser, { viewport, reducedMotion: 'reduce' });
  await show(watched.page, VIEWS.find((view) => view.name === name) as (typeof VIEWS)[0]);
  await judge(watched.page);
  check(watched);
  await watched.page.context().close();
}

test('who may change no API key sees no room for it', async () => {
  const actions = (page: Page) => page.getByRole('columnheader', { name: 'Actions' }).count();
  await look('viewer-api-keys', WIDE, async (page) => assert.equal(await actions(page), 0));
  await look('api-keys', WIDE, async (page) => assert.equal(await actions(page), 1));
});

test('a key’s state is seen whole on a small phone', () =>
  look('api-keys', { width: 360, height: 844 }, async (page) => {
    for (const state of [/^old secret ends/i, /^Expires in/, /^Disabled$/]) {
      const cut = await page
        .getByText(state)
        .first()
        .evaluate((badge) => {
          let line = badge.parentElement;
          while (line && getComputedStyle(line).overflowX !== 'hidden') line = line.parentElement;
          const room = line?.getBoundingClientRect();
          const { right, bottom } = badge.getBoundingClientRect();
          return Math.max(right - (room?.right ?? 0), bottom - (room?.bottom ?? 0));
        });
      assert.ok(cut <= 0, `${state} is cut by ${cut} px`);
    }
  }));

test('the phone’s bar holds the longest name of a page in one line, off the edge', () =>
  look('viewer-custom-providers', PHONE, async (page) => {
    const words = await page
      .getByRole('navigation')
      .last()
      .getByRole('button')
      .evaluate((tab) => {
        const range = document.createRange();
        range.selectNodeContents(tab.lastChild ?? tab); // its words
        const { right, height } = range.getBoundingClientRect();
        return { right, height, shown: tab.textContent };
      });
    assert.equal(words.shown, 'Custom providers');
    assert.ok(words.right <= 386 && words.height < 20, JSON.stringify(words));
  }));

test('ranked by two long names, figures and their heads have room', () =>
  look('names-analytics', WIDE, async (page) => {
    const table = page.getByRole('region', { name: 'Ranked, table' });
    const over = await table.evaluate((box) => box.scrollWidth - box.clientWidth);
    assert.ok(over <= 0, `${over} px lie outside`);
    const head = await table.locator('thead').evaluate((row) => row.clientHeight);
    assert.ok(head < 60, `the head is ${head} px high`);
  }));

test('the mark of a choice is level with its words', () =>
  look('account-menu', WIDE, async (page) => {
    const [words, mark] = await page
      .getByRole('menuitemradio', { name: 'System' })
      .evaluate((item) =>
        [
          item.querySelector(':scope > :first-child'),
          item.querySelector(':scope > :last-child > svg'),
        ].map((part) => {
          const { top, bottom } = part?.getBoundingClientRect() ?? { top: 0, bottom: 0 };
          return (top + bottom) / 2;
        }),
      );
    assert.ok(words && mark && Math.abs(words - mark) < 1, `${mark} beside ${words}`);
  }));

test('an address in a dialog is not broken on a phone', () =>
  look('audit-entry', PHONE, async (page) => {
    const lines = await page
      .getByRole('dialog')
      .getByText('mira@northwind.example')
      .evaluate((value) => {
        const words = document.createRange();
        words.selectNodeContents(value);
        return words.getClientRects().length;
      });
    assert.equal(lines, 1);
  }));
