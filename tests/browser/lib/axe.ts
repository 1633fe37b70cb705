// axe's rules over a page as it stands.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** One line per violation: rule, what it wants, where. */
export async function violations(page: Page): Promise<string[]> {
  // Evaluated by the debugger, which the page's CSP does not stop.
  await page.evaluate(source);
  return page.evaluate(async () => {
    // What fades in has not its colours yet. (Skeletons pulse for ever.)
    const passing = document
      .getAnimations()
      .filter((one) => one.effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY);
    await Promise.allSettled(passing.map((one) => one.finished));
    type Results = {
      violations: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[];
    };
    const { axe } = window as unknown as { axe: { run: (options: object) => Promise<Results> } };
    const { violations } = await axe.run({ resultTypes: ['violations'] });
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${help}\n  ${html}\n  ${failureSummary}`),
    );
  });
}
