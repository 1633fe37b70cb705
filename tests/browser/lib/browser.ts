// One Chromium for a test file, and pages that notice what must never happen: a blocked or outside
// request, a CSP violation, an error on the console.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const DIST = join(import.meta.dirname, '../../../dashboard/dist');
export const ORIGIN = 'http://dashboard.test';

// The policy that control sends; the end-to-end test sees the real one.
const CSP =
  "default-src 'self'; connect-src 'self' http://127.0.0.1:4001; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

const TYPES: Record<string, string> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
};

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.DOTEB_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export type Watched = { page: Page; faults: string[]; outside: string[] };

/** A page whose faults are collected; `check` them at the end of a test. */
export async function watchedPage(
  browser: Browser,
  options: BrowserContextOptions = {},
  origin = ORIGIN,
  gateway = origin, // which the playground calls
): Promise<Watched> {
  const context = await browser.newContext({ locale: 'en-US', timezoneId: 'UTC', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults: string[] = [];
  const outside: string[] = [];
  page.on('pageerror', (error) => faults.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    // Chromium reports every answer of 400 and above; tests ask for those on purpose.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource'))
      faults.push(text);
  });
  page.on('request', (request) => {
    const known = request.url().startsWith(origin) || request.url().startsWith(gateway);
    if (!known && !request.url().startsWith('blob:')) outside.push(request.url());
  });
  await page.exposeFunction('doteb_violation', (text: string) => faults.push(`CSP: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const report = window as unknown as { doteb_violation: (text: string) => void };
      report.doteb_violation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  return { page, faults, outside };
}

export function check({ faults, outside }: Watched): void {
  assert.deepEqual(faults, [], 'nothing on the console, no CSP violation');
  assert.deepEqual(outside, [], 'no request leaves the origin');
}

/** Serves the built dashboard at ORIGIN as control does: policy, fallback, nothing inline. */
export async function serveDashboard(page: Page): Promise<void> {
  await page.route('**/*', (route) => {
    const url = new URL(route.request().url());
    if (url.origin !== ORIGIN) return route.abort();
    const name = url.pathname.slice(1);
    const known = name.includes('.') && existsSync(join(DIST, name));
    if (name.includes('.') && !known) return route.fulfill({ status: 404, body: '' });
    const file = known ? name : 'index.html';
    return route.fulfill({
      contentType: TYPES[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
      headers: { 'Content-Security-Policy': CSP, 'X-Content-Type-Options': 'nosniff' },
      body: readFileSync(join(DIST, file)),
    });
  });
}
