// The product as a person meets it, all parts real: sign in, make a key, send with it, watch the
// request arrive with its tokens and cost, revoke the key. Names of the environment as make up
// writes them: DOTEB_CONTROL_URL, DOTEB_BASE_URL, DOTEB_ADMIN_EMAIL, DOTEB_ADMIN_PASSWORD.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { violations } from './lib/axe.ts';
import { check, launch, type Watched, watchedPage } from './lib/browser.ts';

function setting(name: string): string {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: run this by end_to_end.sh`);
  return value;
}

const CONTROL = setting('DOTEB_CONTROL_URL');
const BASE = setting('DOTEB_BASE_URL');
const ARRIVES = { timeout: 20_000 };

type Completion = { usage: { prompt_tokens: number; completion_tokens: number; cost: number } };

let browser: Browser;
let watched: Watched;
let page: Page;
let key = '';

before(async () => {
  browser = await launch();
  const viewport = { width: 1440, height: 900 };
  watched = await watchedPage(browser, { viewport }, CONTROL, new URL(BASE).origin);
  page = watched.page;
});
after(() => browser.close());

const chat = (body: object) =>
  fetch(`${BASE}/chat/completions`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
const hello = { model: 'demo/chat', messages: [{ role: 'user', content: 'Hello' }] };
const goTo = (name: string) =>
  page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
const row = (text: string | RegExp) => page.getByRole('row').filter({ hasText: text });
/** The money as the page writes an exact amount. */
const usd = (amount: number) =>
  `$${amount
    .toFixed(12)
    .replace(/0+$/, '')
    .replace(/(\.\d?)$/, (end) => end.padEnd(3, '0'))}`;

test('what control sends: a strict policy, compressed files, no listing of the API in pages', async () => {
  const answer = await page.goto(CONTROL);
  const policy = answer?.headers()['content-security-policy'] ?? '';
  assert.match(policy, /default-src 'self'/);
  // Nothing but the gateway, which the playground calls.
  assert.match(policy, new RegExp(`connect-src 'self' ${new URL(BASE).origin};`));
  assert.doesNotMatch(policy.replace(new URL(BASE).origin, ''), /unsafe|\*|https?:/);
  const script = await page.locator('script[type=module]').getAttribute('src');
  const file = await fetch(CONTROL + script, { headers: { 'Accept-Encoding': 'br' } });
  assert.equal(file.headers.get('content-encoding'), 'br');
  assert.match(file.headers.get('cache-control') ?? '', /immutable/);
  const cli = await fetch(CONTROL + script, { headers: { 'Accept-Encoding': 'gzip' } });
  assert.equal(cli.headers.get('content-encoding'), 'gzip');
});

test('a wrong password is refused, the right one leads in', async () => {
  await page.getByLabel('E-mail').fill(setting('DOTEB_ADMIN_EMAIL'));
  await page.getByLabel('Password').fill('surely not this');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Password').fill(setting('DOTEB_ADMIN_PASSWORD'));
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'Activity' }).waitFor();
});

test('the first look teaches, and knows that a provider is there', async () => {
  await page.getByRole('heading', { name: 'Send the first request' }).waitFor();
  await page.getByText(/Ready: .*demo/).waitFor();
  await page.getByText('Waiting for the first request…').waitFor();
  assert.deepEqual(await violations(page), []);
});

test('a new key is shown once, with code that works as it is', async () => {
  await goTo('API keys');
  await page.getByRole('button', { name: 'Create API key' }).first().click();
  await page.getByLabel('Name').fill('browser test');
  await page.getByRole('button', { name: 'Create key' }).click();
  key = await page.getByTestId('new-key').innerText();
  assert.match(key, /^sk-doteb-[0-9A-Za-z]{49}$/);
  await page.getByText(`LLM_GATEWAY_API_KEY=${key}`).waitFor();
  const dialog = page.getByRole('dialog');
  for (const language of ['Python', 'TypeScript', 'LiteLLM', 'curl']) {
    await dialog.getByRole('tab', { name: language }).click();
    const code = await dialog.getByRole('region', { name: `${language} snippet` }).innerText();
    assert.ok(code.includes(BASE), `${language} names ${BASE}`);
  }
  const curl = await dialog.getByRole('region', { name: 'curl snippet' }).innerText();
  const answer = JSON.parse(
    execFileSync('sh', ['-c', `${curl} --silent`], {
      env: { ...process.env, LLM_GATEWAY_API_KEY: key, no_proxy: '*' },
    }).toString(),
  ) as Completion;
  assert.ok(answer.usage, JSON.stringify(answer));

  // The light turns green and leads to the request: the same tokens, the same cost.
  await dialog.getByText('The first request has arrived.').waitFor(ARRIVES);
  await dialog.getByRole('link', { name: 'Look at it' }).click();
  const { prompt_tokens, completion_tokens, cost } = answer.usage;
  const detail = page.getByRole('dialog');
  const line = (name: string) => detail.getByRole('row').filter({ hasText: name }).innerText();
  await detail.getByText('Tokens and cost').waitFor(ARRIVES);
  assert.match(await line('Input'), new RegExp(`\\b${prompt_tokens}\\b`));
  assert.match(await line('Output'), new RegExp(`\\b${completion_tokens}\\b`));
  assert.ok(
    (await line('Total')).includes(usd(cost)),
    `${await line('Total')} is not ${usd(cost)}`,
  );
  assert.match(await detail.innerText(), /1\. demo/);
  assert.match(await detail.innerText(), /browser test/);
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Escape');
});

test('the list shows new requests by itself: streamed, refused, by time', async () => {
  await page.getByRole('table', { name: 'Requests' }).waitFor();
  const before = await row(/200/).count();
  const stream = await chat({ ...hello, stream: true, temperature: 0.5 });
  assert.match(await stream.text(), /data: \[DONE\]/);
  await row(/200/).nth(before).waitFor(ARRIVES);
  assert.equal((await chat({ ...hello, model: 'demo/no-such-model' })).status, 404);
  await row(/404/).waitFor(ARRIVES);
  await row(/404/).getByRole('link').click();
  const detail = page.getByRole('dialog');
  await detail.getByText('demo/no-such-model', { exact: true }).first().waitFor();
  await detail.getByText('Nothing was billed.').waitFor();
  await page.keyboard.press('Escape');
});

test('the usage strip counts what the list shows', async () => {
  await page.reload();
  const strip = page.getByRole('region', { name: 'Usage in this range' });
  await strip.getByText('Success rate').waitFor();
  await page.getByRole('table', { name: 'Requests' }).getByRole('link').first().waitFor();
  const rows = (await page.getByRole('row').count()) - 1;
  await strip.getByRole('button', { name: String(rows), exact: true }).waitFor();
  assert.deepEqual(await violations(page), []);
});

/** The row of a provider key. */
const providerKey = (label: string) => page.getByRole('listitem').filter({ hasText: label });

/** By keyboard: an item of a provider key's menu. */
async function more(label: string, item: string) {
  await page.getByRole('button', { name: `More for ${label}` }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: item }).focus();
  await page.keyboard.press('Enter');
}

/** Requests come to use the secret that ends like this, as the provider sees it. */
async function used(tail: string) {
  let seen = '';
  for (let i = 0; i < 50 && seen !== tail; i += 1) {
    const answer = await chat(hello);
    assert.equal(answer.status, 200);
    const id = answer.headers.get('x-request-id');
    const kept = await fetch(`${setting('DOTEB_SIMULATOR_URL')}/_sim/requests/${id}`);
    seen = ((await kept.json()) as { key_tail: string }[]).at(-1)?.key_tail ?? '';
    if (seen !== tail) await sleep(100);
  }
  assert.equal(seen, tail);
}

const SECRET = `sk-browser-${Date.now()}-secret`;
const NEXT = `sk-browser-${Date.now()}-second`;

test('a provider key that the provider refuses is not stored; one that it takes is, sealed', async () => {
  await goTo('Provider keys');
  await page.getByRole('button', { name: 'Add provider key' }).click();
  await page.getByRole('combobox').fill('simulator');
  await page.keyboard.press('Enter');
  await page.getByLabel('Label').fill('from the browser');
  await page.getByLabel('Secret', { exact: true }).fill('sk-browser-status=401');
  await page.keyboard.press('Enter');
  await page.getByText(/refused the secret with status 401/).waitFor();
  assert.equal(await providerKey('from the browser').count(), 0);
  await page.getByLabel('Secret', { exact: true }).fill(SECRET);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Added “from the browser”' }).waitFor();
  const said = await page.getByRole('dialog').getByRole('status').innerText();
  assert.match(said, /Asked GET http:\S+\/v1\/models — answered 200 in (under )?\d/);
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Enter'); // Done has the focus
  const key = providerKey('from the browser');
  await key.getByText(`…${SECRET.slice(-4)}`).waitFor();
  await key.getByText('Not used yet').waitFor();
  await key.getByText('checked just now: ok').waitFor();
  assert.deepEqual(await violations(page), []);
  await page.reload();
  await key.waitFor();
  assert.ok(!(await page.content()).includes(SECRET));
});

test('moved up by keyboard it is tried first, and its state and share tell', async () => {
  await page.getByRole('button', { name: 'Move from the browser up' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('from the browser is number 1 of 2 now.').waitFor();
  await used(SECRET.slice(-4));
  const key = providerKey('from the browser');
  // The ledger writes what it counts a moment later.
  for (let i = 0; i < 30 && !/OK[\s\S]*% of traffic/.test(await key.innerText()); i += 1) {
    await sleep(300);
    await page.reload();
    await key.waitFor();
  }
  assert.match(await key.innerText(), /OK[\s\S]*% of traffic/);
});

test('a whole rotation by keyboard: switched, taken back, switched again and confirmed', async () => {
  const row = providerKey('from the browser');
  const dialog = page.getByRole('dialog');
  const begin = async (secret: string) => {
    await more('from the browser', 'Rotate secret');
    await page.getByLabel('New secret', { exact: true }).fill(secret);
    await page.keyboard.press('Enter');
  };
  await begin('sk-browser-status=401');
  await page.getByText(/refused the secret with status 401/).waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await begin(NEXT);
  await dialog.getByRole('heading', { name: /^Step 2 of 3, Verify/ }).waitFor();
  assert.deepEqual(await violations(page), []);
  await used(SECRET.slice(-4));
  // Left, and come back to.
  await page.keyboard.press('Escape');
  await page.reload();
  await row.getByText('A new secret is verified, and waits to be used.').waitFor();
  await page.getByRole('button', { name: 'Continue to rotate from the browser' }).press('Enter');
  await dialog.getByRole('button', { name: 'Switch', exact: true }).press('Enter');
  await dialog.getByText('New secret is in use').waitFor();
  await used(NEXT.slice(-4));
  await dialog.getByRole('button', { name: 'Go back to the old one' }).press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await used(SECRET.slice(-4));

  await begin(NEXT);
  await dialog.getByRole('button', { name: 'Continue' }).press('Enter');
  await dialog.getByRole('button', { name: 'Switch', exact: true }).press('Enter');
  await dialog.getByText('New secret is in use').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page
    .getByRole('button', { name: 'Confirm and wipe old secret of from the browser' })
    .press('Enter');
  await row.getByText('New secret is in use').waitFor({ state: 'detached' });
  await row.getByText(`…${NEXT.slice(-4)}`).waitFor();
  await used(NEXT.slice(-4));
});

test('the key is switched off, edited while somebody else does, and deleted', async () => {
  const row = providerKey('from the browser');
  await more('from the browser', 'Disable');
  await row.getByText('Disabled').waitFor();
  await more('from the browser', 'Enable');
  await row.getByText('Disabled').waitFor({ state: 'detached' });
  await more('from the browser', 'Edit');
  const dialog = page.getByRole('dialog');
  await page.getByLabel('Label').fill('kept by the browser');
  // Another session of the same person.
  await page.evaluate(async () => {
    const ask = async (path: string, more: RequestInit = {}) =>
      (await fetch(`/api/v1/${path}`, more)).json();
    const { csrf_token } = await ask('session');
    const keys = `organisations/${location.pathname.split('/')[2]}/provider-keys`;
    const { items } = await ask(keys);
    const { id } = items.find((one: { label: string }) => one.label === 'from the browser');
    await ask(`${keys}/${id}`, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token },
      body: JSON.stringify({ label: 'from elsewhere' }),
    });
  });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText(/Label, which you changed too, is now from elsewhere/).waitFor();
  assert.equal(await page.getByLabel('Label').inputValue(), 'kept by the browser');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await providerKey('kept by the browser').waitFor();

  await more('kept by the browser', 'Delete');
  await dialog.getByText(/The other keys of .* take over/).waitFor();
  await dialog.getByRole('button', { name: 'Delete key' }).press('Enter');
  await providerKey('kept by the browser').waitFor({ state: 'detached' });
  for (let i = 0; i < 50 && (await chat(hello)).status !== 200; i += 1) await sleep(100);
  assert.equal((await chat(hello)).status, 200, 'the other key goes on');
});

test('AWS credentials of the key: the secret is shown once, and they can be revoked', async () => {
  await goTo('API keys');
  await page.getByRole('button', { name: 'AWS credentials of browser test' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('None yet.').waitFor();
  await dialog.getByRole('button', { name: 'Create AWS credentials' }).click();
  const secret = await page.getByTestId('new-secret').innerText();
  assert.match(secret, /^[0-9A-Za-z]{40}$/);
  const id = /DOTEB[A-Z2-7]{20}/.exec(await dialog.innerText())?.[0];
  assert.ok(id);
  await page.keyboard.press('Escape'); // must not lose it
  assert.ok(await page.getByTestId('new-secret').isVisible());
  await dialog.getByRole('button', { name: 'I have saved the secret' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('button', { name: 'AWS credentials of browser test' }).click();
  await dialog.getByText(id).waitFor();
  assert.ok(!(await page.content()).includes(secret), 'the secret is not shown again');
  await dialog.getByRole('button', { name: `Revoke ${id}` }).click();
  await page.getByRole('button', { name: 'Revoke credentials' }).click();
  await dialog.getByText('None yet.').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
});

test('the key gets a new secret, and the old one works on; disabled, neither does', async () => {
  const old = key;
  const works = async (secret: string, status: number) => {
    key = secret;
    for (let i = 0; i < 20 && (await chat(hello)).status !== status; i += 1) await sleep(100);
    assert.equal((await chat(hello)).status, status);
  };
  await goTo('API keys');
  const more = async (item: string) => {
    await page.getByRole('button', { name: 'More for browser test' }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  await more('Rotate secret');
  await page.getByRole('button', { name: 'Make the new secret' }).click();
  const fresh = await page.getByTestId('new-key').innerText();
  assert.notEqual(fresh, old);
  await page.getByRole('button', { name: 'I have saved the key' }).click();
  await works(fresh, 200);
  await works(old, 200);
  await more('Disable');
  await row('browser test').getByText('Disabled').waitFor();
  await works(fresh, 401);
  await works(old, 401);
  await more('Enable');
  await row('browser test').getByText('Disabled').waitFor({ state: 'detached' });
  await works(fresh, 200);
});

test('a project is made and archived, an organisation made, somebody invited', async () => {
  await goTo('Projects');
  await page.getByRole('button', { name: 'Create project' }).click();
  await page.getByLabel('Name').fill('From the browser');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'From the browser' }).waitFor();
  await page.getByRole('button', { name: 'Archive From the browser' }).click();
  await page.getByRole('button', { name: 'Archive project' }).click();
  await page.getByRole('link', { name: 'From the browser' }).waitFor({ state: 'detached' });

  await page.getByRole('button', { name: /^Organisation: / }).click();
  await page.getByRole('menuitem', { name: 'New organisation' }).click();
  await page.getByLabel('Name').fill('Second house');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Organisation: Second house' }).waitFor();
  await goTo('Members');
  await page.getByRole('button', { name: 'Invite' }).click();
  await page.getByLabel('E-mail').fill('guest@example.com');
  await page.keyboard.press('Enter');
  const link = await page.getByRole('region', { name: 'invitation link' }).innerText();
  assert.ok(link.startsWith(`${CONTROL}/invitation#`), link);
  await page.getByRole('button', { name: 'I have saved the link' }).click();
  await page.getByText('guest@example.com').waitFor();

  // Its page, for somebody with another address.
  await page.goto(link);
  await page.getByRole('heading', { name: 'Join Second house' }).waitFor();
  await page.getByText('another address').waitFor();
  assert.deepEqual(await violations(page), []);
  await page.goto(CONTROL);

  await page.getByRole('button', { name: 'Organisation: Second house' }).waitFor();
  await goTo('Organisation');
  await page.getByRole('button', { name: /^Archive organisation/ }).click();
  await page.getByLabel('Type its name').fill('Second house');
  await page.getByRole('button', { name: 'Archive for good' }).click();
  await page
    .getByRole('button', { name: 'Organisation: Second house' })
    .waitFor({ state: 'detached' });
  await page.goto(link);
  await page.getByRole('heading', { name: 'This invitation cannot be used' }).waitFor();
  await page.goto(CONTROL);
});

test('the audit log knows who did all that, and its CSV too', async () => {
  await goTo('Audit log');
  for (const text of [
    'Archived project From the browser',
    'Created project From the browser',
    'Rotated API key browser test',
    'Deleted provider key kept by the browser',
    'Wiped a provider key’s old secret',
    'Added provider key from the browser',
    'Created API key browser test',
    'Signed in',
  ]) {
    await row(text).first().waitFor();
  }
  await row('Created API key browser test').getByRole('link').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('api_key.create').waitFor();
  assert.match(await dialog.innerText(), new RegExp(setting('DOTEB_ADMIN_EMAIL')));
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Escape');
  const href = await page.getByRole('link', { name: 'CSV' }).getAttribute('href');
  const file = await page.request.get(CONTROL + href);
  assert.equal(file.headers()['content-type'], 'text/csv; charset=utf-8');
  assert.match(await file.text(), /"api_key\.rotate","user"/);
});

test('the playground: a key for an hour, an answer that streams, its cost, and back from Activity', async () => {
  await goTo('Playground');
  await page.getByRole('button', { name: 'Make a key for an hour' }).click();
  await page.getByText(/^Key …/).waitFor();
  await page.getByRole('button', { name: /^demo\/|^Choose a model/ }).click();
  await page.getByRole('combobox', { name: 'Model' }).fill('demo chat');
  await page.keyboard.press('Enter');
  await page.getByLabel('Temperature').fill('0.25');
  await page.getByLabel('Message').fill('Say hello to the playground');
  await page.keyboard.press('Enter');
  const figures = page.getByRole('list', { name: 'What it took' });
  const details = figures.getByRole('link', { name: 'Details' });
  await details.waitFor(ARRIVES);
  const said = await page.getByRole('log').innerText();
  const shown = await figures.innerText();
  assert.match(shown, /demo[\s\S]*first token[\s\S]*tokens[\s\S]*\$[\s\S]*1 attempt/);
  assert.deepEqual(await violations(page), []);
  // The conversation goes on: the answer is sent back.
  await page.getByLabel('Message').fill('And again');
  await page.keyboard.press('Enter');
  await details.nth(1).waitFor(ARRIVES);
  assert.ok((await page.getByRole('log').innerText()).length > said.length);

  await details.first().click();
  const drawer = page.getByRole('dialog');
  await drawer.getByText('Why this provider').waitFor(ARRIVES);
  assert.match(await drawer.innerText(), /playground \(…/);
  assert.match(await drawer.innerText(), /demo was named/);
  await drawer.getByRole('link', { name: 'Open in playground' }).click();
  await page.getByRole('heading', { name: 'Playground' }).waitFor();
  assert.equal(await page.getByLabel('Temperature').inputValue(), '0.25');
  assert.ok((await page.getByRole('log').innerText()).includes('And again'));
  await page.getByRole('button', { name: 'Revoke' }).click();
  await page.getByLabel('API key').waitFor();
});

test('revoking says what it breaks, and the key is dead within seconds', async () => {
  assert.equal((await chat(hello)).status, 200);
  await goTo('API keys');
  await row('browser test').getByText(key.slice(-4)).waitFor();
  assert.ok(!(await page.content()).includes(key), 'the key is not shown again');
  await page.getByRole('button', { name: 'Revoke browser test' }).click();
  const dialog = page.getByRole('dialog');
  await dialog
    .getByText(/\d+ requests?, \$/)
    .first()
    .waitFor();
  await dialog.getByRole('button', { name: 'Revoke key' }).click();
  await dialog.waitFor({ state: 'detached' });
  await row('browser test').waitFor({ state: 'detached' });
  let status = 200;
  for (let i = 0; i < 20 && status !== 401; i += 1) {
    status = (await chat(hello)).status;
    if (status !== 401) await sleep(100);
  }
  assert.equal(status, 401);
  await page.getByRole('button', { name: 'Revoked', exact: true }).click();
  await row('browser test').getByText('Revoked').waitFor();
});

test('signing out ends the session', async () => {
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByLabel('E-mail').waitFor();
  await page.goBack();
  await page.getByLabel('E-mail').waitFor();
});

test('nothing was blocked, logged or asked for elsewhere', () => check(watched));
