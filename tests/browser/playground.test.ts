// The playground against a scripted gateway: what is sent, what is shown, where the key is, and that
// nothing of an answer is ever markup.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { check, launch, ORIGIN, serveDashboard, watchedPage } from './lib/browser.ts';
import { fakeControl } from './lib/control.ts';
import { fakeGateway, GATEWAY } from './lib/gateway.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function open(query = '?model=openai/gpt-5.2', page = 'playground') {
  const watched = await watchedPage(
    browser,
    { viewport: { width: 1440, height: 900 } },
    ORIGIN,
    GATEWAY,
  );
  await serveDashboard(watched.page);
  const control = await fakeControl(watched.page);
  const { world } = control;
  const asked = await fakeGateway(watched.page, world.requests[0]?.id ?? '');
  const org = world.session.organisations[0]?.id ?? '';
  await watched.page.goto(`${ORIGIN}/o/${org}/${page}${query}`);
  return { ...control, watched, page: watched.page, asked };
}

const makeKey = async (page: Page) => {
  await page.getByRole('button', { name: 'Make a key for an hour' }).click();
  await page.getByText(/^Key …/).waitFor();
};
const say = async (page: Page, text: string) => {
  await page.getByLabel('Message').fill(text);
  await page.getByLabel('Message').press('Enter');
};
const answered = (page: Page, n = 0) => page.getByText('Details').nth(n).waitFor();

test('with a key for an hour, which stays in the tab and is gone at sign-out', async () => {
  const { page, watched, asked, calls } = await open();
  await say(page, 'Hello');
  await page.getByText('Paste a key or make one first.').waitFor();
  assert.equal(asked.length, 0);
  await makeKey(page);
  assert.equal(calls.filter((call) => /^POST .*\/api-keys$/.test(call)).length, 1);
  await page.getByLabel('Message').press('Enter');
  await answered(page);
  const { key, body } = asked[0] ?? assert.fail();
  assert.match(key, /^sk-doteb-/);
  assert.deepEqual(body, {
    model: 'openai/gpt-5.2',
    messages: [{ role: 'user', content: 'Hello' }],
    stream: true,
    stream_options: { include_usage: true },
  });
  assert.ok(!page.url().includes(key));
  const stores = await page.evaluate(() => [
    JSON.stringify(localStorage),
    JSON.stringify(sessionStorage),
  ]);
  assert.ok(!stores[0]?.includes(key) && stores[1]?.includes(key));
  await page.reload(); // the tab keeps it
  await page.getByText(/^Key …/).waitFor();
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByLabel('E-mail').waitFor();
  assert.ok(!(await page.evaluate(() => JSON.stringify(sessionStorage))).includes(key));
  check(watched);
  await page.context().close();
});

test('a pasted key is used as it is and forgotten; a made one is revoked', async () => {
  const { page, watched, asked, calls } = await open();
  await page.getByLabel('API key').fill('sk-doteb-pasted');
  await page.getByRole('button', { name: 'Use this key' }).click();
  await say(page, 'Hello');
  await answered(page);
  assert.equal(asked[0]?.key, 'sk-doteb-pasted');
  await page.getByRole('button', { name: 'Forget' }).click();
  assert.ok(!calls.some((call) => call.startsWith('DELETE')));
  await makeKey(page);
  const revoked = page.waitForRequest(
    (one) => one.method() === 'DELETE' && /\/api-keys\//.test(one.url()),
  );
  await page.getByRole('button', { name: 'Revoke' }).click();
  await revoked;
  await page.getByLabel('API key').waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  check(watched);
  await page.context().close();
});

test('what an answer says is text: no markup of it becomes an element', async () => {
  const { page, watched } = await open();
  await makeKey(page);
  await say(page, '<img src=x onerror="alert(1)"> hello');
  await answered(page);
  const log = page.getByRole('log');
  assert.match(await log.innerText(), /<b>memory grows<\/b>/);
  assert.match(await log.innerText(), /<img src=x/);
  assert.equal(await log.locator('b, img').count(), 0);
  assert.match(await log.getByRole('region').innerText(), /await queue\.put\(row\)/);
  check(watched);
  await page.context().close();
});

test('two side by side, the conversation goes on in each, settings are sent and in the address', async () => {
  const { page, watched, asked } = await open();
  await makeKey(page);
  await page.getByRole('button', { name: 'Compare' }).click();
  const second = page.getByRole('region', { name: 'openai/gpt-5.2' }).nth(1);
  await second.getByRole('button', { name: 'openai/gpt-5.2', exact: true }).click();
  await page.getByRole('combobox', { name: 'Model' }).fill('gemini');
  await page.keyboard.press('Enter');
  await page.getByLabel('System prompt').fill('Be brief.');
  await page.getByLabel('Temperature').fill('0.2');
  await page.getByLabel('Reasoning effort').selectOption('low');
  await say(page, 'First');
  await answered(page, 1);
  await say(page, 'Second');
  await answered(page, 3);
  assert.deepEqual(
    new Set(asked.map(({ body }) => body.model)),
    new Set(['openai/gpt-5.2', 'gemini-3-pro']),
  );
  for (const { body } of asked.slice(2)) {
    const roles = (body.messages as { role: string }[]).map(({ role }) => role);
    assert.deepEqual(roles, ['system', 'user', 'assistant', 'user']);
    assert.deepEqual([body.temperature, body.reasoning_effort], [0.2, 'low']);
  }
  const { searchParams } = new URL(page.url());
  assert.deepEqual(
    ['model', 'beside', 'temperature', 'effort'].map((name) => searchParams.get(name)),
    ['openai/gpt-5.2', 'gemini-3-pro', '0.2', 'low'],
  );
  await page.getByRole('button', { name: 'Remove openai/gpt-5.2' }).click();
  assert.equal(new URL(page.url()).searchParams.get('model'), 'gemini-3-pro');
  await page.getByRole('button', { name: 'Clear' }).click();
  assert.equal(await page.getByText('Details').count(), 0);
  check(watched);
  await page.context().close();
});

test('a call of a tool waits for its result, and gets it', async () => {
  const { page, watched, asked } = await open();
  await makeKey(page);
  await page.getByLabel('Tools (JSON)').fill('[{"name": "weather"');
  await page.getByText(/This is not JSON/).waitFor();
  await say(page, 'How is the weather?');
  assert.equal(asked.length, 0); // not before the tools are right
  await page.getByLabel('Tools (JSON)').fill('[{"name": "weather"}]');
  await page.getByLabel('Message').press('Enter');
  await page.getByLabel('Result of weather').fill('{"sun": true}');
  await page.getByRole('button', { name: 'Send the result' }).click();
  await page.getByText('Backpressure is').waitFor();
  const [first, second] = asked.map(({ body }) => body);
  assert.deepEqual(first?.tools, [{ type: 'function', function: { name: 'weather' } }]);
  const messages = second?.messages as object[];
  assert.deepEqual(messages.slice(1), [
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        {
          id: 'call_1',
          type: 'function',
          function: { name: 'weather', arguments: '{"city":"Vienna"}' },
        },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: '{"sun": true}' },
  ]);
  check(watched);
  await page.context().close();
});

test('stopped, refused, broken off, away: each says so, and can be tried again', async () => {
  const { page, watched, asked } = await open();
  await makeKey(page);
  await say(page, 'never answer');
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('Stopped.').waitFor();
  for (const [words, text] of [
    ['refuse', /429: openai: too many requests\./],
    ['break off', /The answer broke off\./],
    ['go away', /did not answer this page.*DOTEB_CORS_ORIGINS/],
  ] as const) {
    await page.getByRole('button', { name: 'Clear' }).click();
    await say(page, words);
    await page.getByRole('alert').filter({ hasText: text }).waitFor();
  }
  const before = asked.length;
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('alert').waitFor();
  assert.equal(asked.length, before + 1);
  assert.deepEqual(asked.at(-1)?.body.messages, [{ role: 'user', content: 'go away' }]);
  // What failed is not told to the model.
  await say(page, 'Hello again');
  await answered(page);
  assert.deepEqual(asked.at(-1)?.body.messages, [{ role: 'user', content: 'Hello again' }]);
  check(watched);
  await page.context().close();
});

test('the request as code, and from a request of Activity', async () => {
  const { page, watched, world } = await open('', 'activity');
  const request = world.requests.find(({ endpoint }) => endpoint === 'chat.completions');
  const { origin, pathname } = new URL(page.url());
  await page.goto(`${origin}${pathname}?request=${request?.id}&range=30d`);
  const drawer = page.getByRole('dialog');
  await drawer.getByText('Why this provider').waitFor();
  await drawer.getByText('What was said is not kept').waitFor();
  await drawer.getByRole('link', { name: 'Open in playground' }).click();
  await page.getByRole('heading', { name: 'Playground' }).waitFor();
  const model = request?.requested_model ?? request?.model ?? '';
  assert.equal(new URL(page.url()).searchParams.get('model'), model);
  await page.getByLabel('System prompt').fill('Be brief.');
  await page.getByRole('button', { name: 'This request as code' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('tab', { name: 'Python' }).click();
  const code = await dialog.getByRole('region', { name: 'Python snippet' }).innerText();
  assert.ok(code.includes(`model="${model}"`) && code.includes('Be brief.'), code);
  assert.ok(code.includes(`${GATEWAY}/v1`) && !code.includes('sk-doteb'), code);
  check(watched);
  await page.context().close();
});
