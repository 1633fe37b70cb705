// A person without a mouse: Tab until the focus is where they want it, and they see where it is.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLElement;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    return {
      name:
        element.getAttribute('aria-label') ||
        (element as HTMLInputElement).labels?.[0]?.innerText ||
        element.innerText ||
        '',
      seen: (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none',
    };
  });

/** Presses Tab until the focus is on what is named so; at most `steps` times. */
export async function tabTo(page: Page, name: RegExp, steps = 40): Promise<void> {
  const passed: string[] = [];
  for (let i = 0; i <= steps; i += 1) {
    const at = await focused(page);
    if (name.test(at.name.trim())) {
      assert.ok(at.seen, `the focus on ${at.name} is not to be seen`);
      return;
    }
    passed.push(at.name);
    await page.keyboard.press('Tab');
  }
  assert.fail(`${name} is not within ${steps} steps: ${passed.join(' | ')}`);
}

/** The focus is there already, without a key. */
export async function focusIs(page: Page, name: RegExp): Promise<void> {
  const { name: at } = await focused(page);
  assert.match(at.trim(), name, 'where the focus is');
}
