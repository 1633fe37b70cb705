// The first look at a page costs less than 250 KB: everything it loads, as control sends it.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { check, launch, ORIGIN, watchedPage } from './lib/browser.ts';
import { show, VIEWS } from './lib/views.ts';

const DIST = join(import.meta.dirname, '../../dashboard/dist');
const LIMIT = 250 * 1000;

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const sent = (path: string) => {
  const file = join(DIST, path);
  return statSync(existsSync(`${file}.br`) ? `${file}.br` : file).size;
};

for (const name of [
  'login',
  'overview',
  'activity',
  'analytics',
  'models',
  'first-run',
  'api-keys',
  'playground',
  'provider-keys',
  'account',
  'audit',
  'members',
]) {
  test(`${name} loads less than ${LIMIT / 1000} KB`, async (t) => {
    const watched = await watchedPage(browser);
    const { page } = watched;
    const files = new Set<string>();
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (!pathname.startsWith('/api/'))
        files.add(pathname.includes('.') ? pathname : '/index.html');
    });
    await show(page, VIEWS.find((view) => view.name === name) as (typeof VIEWS)[0]);
    await page.evaluate(() => document.fonts.ready);
    await page.waitForTimeout(500);
    const bytes = [...files].reduce((sum, path) => sum + sent(path), 0);
    t.diagnostic(`${(bytes / 1000).toFixed(1)} KB in ${files.size} files`);
    assert.ok(files.size > 5, `only ${files.size} files: is this the dashboard?`);
    assert.ok(
      bytes < LIMIT,
      `${bytes} bytes: ${[...files].map((f) => `${f} ${sent(f)}`).join(', ')}`,
    );
    check(watched);
    await page.context().close();
  });
}

test('each compressed file holds its original', () => {
  const files = readdirSync(DIST, { recursive: true }).map(String);
  const originals = files.filter((file) => /\.(html|js|css|svg)$/.test(file));
  assert.ok(originals.length > 5);
  for (const file of originals) {
    const bytes = readFileSync(join(DIST, file));
    assert.ok(brotliDecompressSync(readFileSync(join(DIST, `${file}.br`))).equals(bytes), file);
    assert.ok(gunzipSync(readFileSync(join(DIST, `${file}.gz`))).equals(bytes), file);
  }
});

test('no file has an inline script or style, or an address elsewhere', () => {
  const html = readFileSync(join(DIST, 'index.html'), 'utf8');
  assert.doesNotMatch(
    html,
    /<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=|https?:|\/\/[a-z]/i,
  );
  for (const file of readdirSync(DIST, { recursive: true }).map(String)) {
    if (!file.endsWith('.css')) continue;
    assert.doesNotMatch(
      readFileSync(join(DIST, file), 'utf8'),
      /url\(["']?(data:|https?:|\/\/)/,
      file,
    );
  }
  assert.ok(ORIGIN);
});
