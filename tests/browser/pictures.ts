// Not a test: writes a picture of every view to a folder, to be looked at.
//   node pictures.ts FOLDER [part of a name] [wide|middle|narrow] [dark|light]
// The middle one, where tables have little room, only if it is asked for.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, watchedPage } from './lib/browser.ts';
import { show, VIEWS } from './lib/views.ts';

const [folder = 'pictures', part = '', size, theme] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const browser = await launch();
try {
  for (const view of VIEWS.filter(({ name }) => name.includes(part))) {
    for (const [name, width, height] of [
      ['wide', 1440, 900],
      ['middle', 800, 900],
      ['narrow', 390, 844],
    ] as const) {
      if (size ? size !== name : name === 'middle') continue;
      for (const colorScheme of ['dark', 'light'] as const) {
        if (theme && theme !== colorScheme) continue;
        const watched = await watchedPage(browser, { viewport: { width, height }, colorScheme });
        await show(watched.page, view);
        await watched.page.waitForTimeout(500);
        await watched.page.screenshot({
          path: join(folder, `${view.name}-${width}-${colorScheme}.png`),
        });
        if (watched.faults.length) console.log(view.name, width, colorScheme, watched.faults);
        await watched.page.context().close();
      }
    }
  }
} finally {
  await browser.close();
}
