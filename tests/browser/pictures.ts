// Not a test: writes a picture of every view to a folder, to be looked at.
//   node pictures.ts FOLDER [part of a name] [wide|narrow] [dark|light]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, watchedPage } from './lib/browser.ts';
import { show, VIEWS } from './lib/views.ts';

const [folder = 'pictures', part = '', size, theme] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const browser = await launch();
try {
  for (const view of VIEWS.filter(({ name }) => name.includes(part))) {
    for (const [width, height] of [
      [1440, 900],
      [390, 844],
    ] as const) {
      if (size && size !== (width > 768 ? 'wide' : 'narrow')) continue;
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
