// The provider keys' page against a scripted API, by keyboard where a person would: adding with a
// check, order, models, rotation left and come back to, what deleting breaks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { check, launch, ORIGIN, serveDashboard, watchedPage } from './lib/browser.ts';
import { fakeControl } from './lib/control.ts';
import { makeWorld } from './lib/world.ts';

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function open(choices: Parameters<typeof fakeControl>[1] = {}, search = '') {
  const watched = await watchedPage(browser, { viewport: { width: 1440, height: 900 } });
  const { page } = watched;
  await serveDashboard(page);
  const control = await fakeControl(page, choices);
  const org = control.world.session.organisations[0]?.id ?? '';
  await page.goto(`${ORIGIN}/o/${org}/provider-keys${search}`);
  await page.getByText('main account', { exact: true }).first().waitFor();
  const end = async () => {
    check(watched);
    await page.context().close();
  };
  return { ...control, page, end };
}

const key = (page: Page, label: string) => page.getByRole('listitem').filter({ hasText: label });

/** By keyboard: the menu of a key, and one of its items. */
async function more(page: Page, label: string, item: string) {
  await page.getByRole('button', { name: `More for ${label}` }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: item }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
}

const focused = (page: Page) =>
  page.evaluate(() => {
    const at = document.activeElement as HTMLElement;
    return at.getAttribute('aria-label') ?? at.innerText;
  });

test('a refused secret is not stored; another is, and what was asked is said', async () => {
  const { page, world, end } = await open({}, '?add=1');
  const before = world.providerKeys.length;
  await page.getByRole('combobox').fill('mistral');
  await page.keyboard.press('Enter');
  await page.keyboard.type('second account');
  await page.keyboard.press('Tab');
  await page.keyboard.type('sk-refused');
  const asked = page.waitForRequest((request) => request.method() === 'POST');
  await page.keyboard.press('Enter');
  assert.equal((await asked).postDataJSON().check, true);
  await page.getByText('the provider refuses it').waitFor();
  assert.equal(world.providerKeys.length, before);
  await page.getByLabel('Secret', { exact: true }).fill('sk-good-1234');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Added “second account”' }).waitFor();
  const said = await page.getByRole('dialog').getByRole('status').innerText();
  assert.match(said, /Asked GET https:\S+ — answered 200 in 312\sms/);
  assert.equal(await focused(page), 'Done');
  await page.keyboard.press('Enter');
  await key(page, 'second account').getByText('…1234').waitFor();
  await end();
});

test('what a provider refuses can be added unchecked', async () => {
  const { page, end } = await open({}, '?add=1');
  await page.getByRole('option', { name: /Groq/ }).click();
  await page.getByLabel('Label').fill('narrow');
  await page.getByLabel('Secret', { exact: true }).fill('sk-refused');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Add it unchecked' }).click();
  await page.getByText('It was not checked').waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  await key(page, 'narrow').getByText('never checked').waitFor();
  await end();
});

test('the order is changed by keyboard; the focus stays, and it is said', async () => {
  const { page, world, end } = await open();
  const order = () =>
    world.providerKeys.filter(({ provider }) => provider === 'openai').map(({ label }) => label);
  assert.deepEqual(order(), ['main account', 'batch jobs', 'trial of the research group']);
  await page.getByRole('button', { name: 'Move main account down' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('main account is number 2 of 3 now.').waitFor();
  assert.equal(await focused(page), 'Move main account down');
  await page.keyboard.press('Enter');
  await page.getByText('main account is number 3 of 3 now.').waitFor();
  assert.deepEqual(order(), ['batch jobs', 'trial of the research group', 'main account']);
  // At the end it does nothing, and keeps the focus.
  assert.equal(await focused(page), 'Move main account down');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Move batch jobs up' }).press('Enter');
  assert.deepEqual(order(), ['batch jobs', 'trial of the research group', 'main account']);
  await end();
});

test('models and label are edited; the models are chosen from the provider’s own', async () => {
  const { page, world, end } = await open();
  await more(page, 'main account', 'Edit');
  await page.getByLabel('Label').fill('everything small');
  await page.getByRole('button', { name: 'Models it serves' }).click();
  const options = page.getByRole('option');
  await options.first().waitFor();
  assert.equal(await options.filter({ hasText: 'claude' }).count(), 0);
  await page.getByRole('combobox').fill('gpt-5-mini');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Save' }).click();
  await key(page, 'everything small').getByText('gpt-5-mini').waitFor();
  assert.deepEqual(world.providerKeys[0]?.models, ['gpt-5-mini']);
  await end();
});

test('a whole rotation by keyboard: refused, verified, left, come back to, switched, confirmed', async () => {
  const { page, world, calls, end } = await open();
  const row = key(page, 'main account');
  await more(page, 'main account', 'Rotate secret');
  await page.keyboard.type('sk-refused');
  await page.keyboard.press('Enter');
  await page.getByText('the provider refuses it').waitFor();
  assert.equal(world.providerKeys[0]?.rotation, null);
  await page.getByLabel('New secret', { exact: true }).fill('sk-good');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Step 2 of 3, Verify: The new secret works' }).waitFor();
  assert.match(await focused(page), /The new secret works/);
  await page.getByText('answered 200 in 312 ms').waitFor();
  // Left, and come back to at its next step.
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await row.getByText('A new secret is verified, and waits to be used.').waitFor();
  await page.getByRole('button', { name: 'Continue to rotate main account' }).press('Enter');
  await page.getByRole('heading', { name: /^Step 3 of 3, Switch/ }).waitFor();
  assert.match(await focused(page), /Switch to the new secret/);
  const current = page.locator('[aria-current=step]');
  assert.match(await current.innerText(), /Switch/);
  await page.getByRole('button', { name: 'Switch', exact: true }).press('Enter');
  await page.getByRole('dialog').getByText('New secret is in use').waitFor();
  assert.match(await focused(page), /The old one is kept until you confirm/);
  await page.keyboard.press('Escape');
  await row.getByText('New secret is in use. The old one is kept until you confirm.').waitFor();
  await page
    .getByRole('button', { name: 'Confirm and wipe old secret of main account' })
    .press('Enter');
  await row.getByText('New secret is in use').waitFor({ state: 'detached' });
  assert.equal(calls.filter((call) => call.endsWith('/rotation/confirm')).length, 1);
  await end();
});

test('after the switch there is a way back', async () => {
  const { page, calls, end } = await open();
  await page
    .getByRole('button', { name: 'Go back to the old one of trial of the research group' })
    .click();
  await page.getByText('trial of the research group uses its old secret again').waitFor();
  assert.equal(calls.filter((call) => /^DELETE .*\/rotation$/.test(call)).length, 1);
  await end();
});

test('states, share and spend are said in words', async () => {
  const { page, end } = await open();
  const has = async (label: string, text: string | RegExp) =>
    assert.match(await key(page, label).innerText(), new RegExp(text));
  await has('main account', /OK[\s\S]*checked 2 h ago: ok[\s\S]*71\.6% of traffic[\s\S]*\$68\.95/);
  await has('batch jobs', /Refused since .*\d\d:\d\d \(401\)[\s\S]*28\.1% of traffic/);
  await has('trial of the research group', /Rate limited since .*\(429\)/);
  await has('La Plateforme', /Not used yet[\s\S]*never checked[\s\S]*no traffic/);
  await has('old trial', /Disabled/);
  await more(page, 'batch jobs', 'Check');
  const result = page.getByRole('dialog').getByRole('status');
  assert.match(await result.innerText(), /refuses it[\s\S]*Incorrect API key[\s\S]*answered 401/);
  await page.getByRole('button', { name: 'Check now' }).press('Enter');
  await result.getByText('answered 200').waitFor();
  await end();
});

test('deleting says what it breaks', async () => {
  const { page, world, end } = await open();
  const dialog = page.getByRole('dialog');
  await more(page, 'EU deployment', 'Delete');
  await dialog.getByText('It is the last working key of Azure').waitFor();
  await page.keyboard.press('Escape');
  await more(page, 'batch jobs', 'Delete');
  await dialog.getByText('The other keys of OpenAI take over').waitFor();
  await dialog.getByText(/28.1% of the provider’s traffic/).waitFor();
  await page.keyboard.press('Escape');
  for (const one of world.providerKeys.slice(0, 3)) one.models = ['gpt-5.2'];
  (world.providerKeys[0] as (typeof world.providerKeys)[0]).models = ['gpt-5.2', 'gpt-5-mini'];
  await page.reload();
  await more(page, 'main account', 'Delete');
  await dialog.getByText('No other key serves gpt-5-mini').waitFor();
  await page.getByRole('button', { name: 'Delete key' }).click();
  await key(page, 'main account').waitFor({ state: 'detached' });
  assert.ok(!world.providerKeys.some(({ label }) => label === 'main account'));
  await end();
});

test('after a key is deleted the focus goes on to the next, at the end to the title', async () => {
  const { page, world, end } = await open();
  const labels = await page
    .getByRole('button', { name: /^More for/ })
    .evaluateAll((all) =>
      all.map((one) => one.getAttribute('aria-label')?.replace('More for ', '') ?? ''),
    );
  assert.ok(labels.length > 2);
  // The first goes, then the last, then all others from above.
  const order = [labels[0], labels.at(-1), ...labels.slice(1, -1)] as string[];
  const heirs = [labels[1], labels.at(-2), ...labels.slice(2, -1), undefined];
  for (const [i, label] of order.entries()) {
    await more(page, label, 'Delete');
    const sent = page.waitForRequest((request) => request.method() === 'DELETE');
    await page.getByRole('button', { name: 'Delete key' }).focus();
    await page.keyboard.press('Enter');
    assert.ok(await (await sent).headerValue('if-match'));
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const name = heirs[i] ? `More for ${heirs[i]}` : 'Provider keys';
    await page.waitForFunction((wanted) => {
      const at = document.activeElement as HTMLElement;
      return (at.getAttribute('aria-label') ?? at.innerText) === wanted;
    }, name);
  }
  assert.equal(world.providerKeys.length, 0);
  await end();
});

test('a key of a server of one’s own is added as any other', async () => {
  const { page, end } = await open();
  const link = page.getByRole('main').getByRole('link', { name: 'Custom providers' });
  assert.match((await link.getAttribute('href')) ?? '', /\/custom-providers$/);
  await page.getByRole('button', { name: 'Add provider key' }).click();
  await page.getByRole('combobox').fill('rack in ulm');
  await page.getByRole('option', { name: /your own, 2 models/ }).waitFor();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('The rack in Ulm').waitFor();
  assert.equal(await dialog.getByLabel('Base URL').count(), 0);
  await dialog.getByLabel('Secret', { exact: true }).fill('sk-rack-0123456789');
  await dialog.getByRole('button', { name: 'Models it serves' }).click();
  await page.getByRole('option', { name: 'rack/qwen3:32b' }).click();
  const asked = page.waitForRequest((request) => request.method() === 'POST');
  await dialog.getByRole('button', { name: 'Check and add' }).click();
  const { provider, models } = (await asked).postDataJSON();
  assert.deepEqual([provider, models], ['rack', ['rack/qwen3:32b']]);
  await end();
});

test('a viewer sees all of it and is offered no change', async () => {
  const world = makeWorld(new Date(), { role: 'viewer' });
  const { page, end } = await open({ world });
  await key(page, 'trial of the research group').getByText('New secret is in use').waitFor();
  for (const name of [/^More for/, /^Move/, /^Add/, /^Confirm/, /^Continue/, /^Go back/]) {
    assert.equal(
      await page.getByRole('main').getByRole('button', { name }).count(),
      0,
      String(name),
    );
  }
  await page.getByRole('button', { name: /^checked .*, batch jobs$/ }).click();
  await page.getByRole('dialog').getByText('answered 401').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Check now' }).count(), 0);
  await end();
});
