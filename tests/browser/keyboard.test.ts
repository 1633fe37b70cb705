// From the sign-up page to the first request with the keyboard alone; all parts are real. Run by
// tests/blackbox/test_keyboard_alone.py, which names them: DOTEB_CONTROL_URL, DOTEB_BASE_URL,
// DOTEB_PROVIDER_URL, and DOTEB_MAIL_FOLDER, where mails arrive as files.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { check, launch, type Watched, watchedPage } from './lib/browser.ts';
import { focusIs, tabTo } from './lib/keyboard.ts';

function setting(name: string): string {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: tests/blackbox/test_keyboard_alone.py runs this`);
  return value;
}

const CONTROL = setting('DOTEB_CONTROL_URL');
const BASE = setting('DOTEB_BASE_URL');
const MAILS = setting('DOTEB_MAIL_FOLDER');

let browser: Browser;
let watched: Watched;
let page: Page;
let key = '';

before(async () => {
  browser = await launch();
  const options = {
    viewport: { width: 1280, height: 800 },
    permissions: ['clipboard-read', 'clipboard-write'],
  };
  watched = await watchedPage(browser, options, CONTROL, new URL(BASE).origin);
  page = watched.page;
});
after(() => browser.close());

async function until<T>(
  look: () => T | undefined | Promise<T | undefined>,
  what: string,
): Promise<T> {
  for (let i = 0; i < 200; i += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(100);
  }
  assert.fail(`${what} did not come`);
}

test('the sign-up page is reached, and sends the mail', async () => {
  await page.goto(CONTROL);
  await page.getByLabel('E-mail').waitFor();
  await focusIs(page, /^E-mail$/);
  await tabTo(page, /^Create an account$/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Create an account' }).waitFor();
  await focusIs(page, /^E-mail$/);
  await page.keyboard.type('mira@example.com');
  await page.keyboard.press('Enter');
  await page.getByText('Check your mail').waitFor();
});

test('the link leads in', async () => {
  const mail = await until(() => {
    const file = readdirSync(MAILS).find((name) => name.endsWith('.txt'));
    return file && readFileSync(join(MAILS, file), 'utf8');
  }, 'the mail');
  const link = /^http\S+#\S{43}$/m.exec(mail)?.[0];
  assert.ok(link, mail);
  await page.goto(link);
  await page.getByLabel('Name').waitFor();
  await focusIs(page, /^Name$/);
  await page.keyboard.type('Mira Osei');
  await tabTo(page, /^New password$/, 2);
  await page.keyboard.type('password1');
  await page.keyboard.press('Enter');
  await page.getByText('most common passwords').waitFor();
  await tabTo(page, /^New password$/);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('with the keyboard alone');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Send the first request' }).waitFor();
});

test('a provider is added on the way', async () => {
  await tabTo(page, /^Add provider key$/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('combobox').waitFor();
  await page
    .getByRole('dialog')
    .getByRole('option', { name: /^OpenAI/ })
    .waitFor();
  await page.keyboard.type('openai');
  await page.keyboard.press('Enter');
  await page.getByLabel('Secret', { exact: true }).waitFor();
  await focusIs(page, /^Label$/);
  await tabTo(page, /^Secret$/, 2);
  await page.keyboard.type('sk-provider-secret');
  await tabTo(page, /^Base URL/);
  await page.keyboard.type(setting('DOTEB_PROVIDER_URL'));
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: /^Added/ }).waitFor();
  await tabTo(page, /^Done$/, 4);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await tabTo(page, /^Activity$/, 60);
  await page.keyboard.press('Enter');
  await page.getByText(/^Ready: OpenAI\./).waitFor();
});

test('a key is made and copied', async () => {
  await tabTo(page, /^Create API key$/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByLabel('Name').waitFor();
  await focusIs(page, /^Name$/);
  await page.keyboard.type('from the keyboard');
  await page.keyboard.press('Enter');
  await page.getByTestId('new-key').waitFor();
  await tabTo(page, /^Copy key$/, 6);
  await page.keyboard.press('Space');
  await page.getByText('Copied').waitFor();
  key = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(key, await page.getByTestId('new-key').innerText());
});

test('the first request turns the light green, and its drawer opens', async () => {
  await page.getByText('Waiting for the first request…').waitFor();
  const ask = () =>
    fetch(`${BASE}/chat/completions`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({
        model: 'openai/gpt-4',
        messages: [{ role: 'user', content: 'hello' }],
      }),
    });
  // The gateways know the keys within a second.
  const answer = await until(async () => {
    const response = await ask();
    return [401, 403].includes(response.status) ? undefined : response;
  }, 'an answer');
  assert.equal(answer.status, 200, await answer.text());
  await page.getByText('The first request has arrived.').waitFor({ timeout: 20_000 });
  await tabTo(page, /^Look at it$/);
  await page.keyboard.press('Enter');
  const drawer = page.getByRole('dialog');
  await drawer.getByText('Tokens and cost').waitFor({ timeout: 20_000 });
  assert.ok(
    await page.evaluate(() => document.activeElement?.closest('[role=dialog]')),
    'the drawer has the focus',
  );
  assert.match(await drawer.innerText(), /from the keyboard/);
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  await page.getByRole('table', { name: 'Requests' }).waitFor();
});

test('then home is the overview, and the list is one step away', async () => {
  await page.goto(CONTROL);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await tabTo(page, /^Activity$/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Activity' }).waitFor();
});

test('nothing was blocked, logged or asked for elsewhere', () => check(watched));
