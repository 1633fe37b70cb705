// What the pages do, against a scripted API: keyboard alone, live rows, addresses that hold state.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, ORIGIN, serveDashboard } from './lib/browser.ts';
import { fakeControl } from './lib/control.ts';
import { scripted } from './lib/scripted.ts';
import { makeWorld } from './lib/world.ts';

const open = scripted();

test('from the login to a new key by keyboard alone', async () => {
  const { page, watched, calls } = await open('/', { signedIn: false });
  const { keyboard } = page;
  // Tab until the focus is on what is wanted; a person would do the same.
  const tabTo = async (name: RegExp, key = 'Tab') => {
    const seen: string[] = [];
    for (let i = 0; i < 40; i += 1) {
      const at = await page.evaluate(() => {
        const focused = document.activeElement as HTMLElement;
        return focused.getAttribute('aria-label') ?? focused.innerText ?? '';
      });
      if (name.test(at)) {
        const outline = await page.evaluate(
          () => getComputedStyle(document.activeElement as Element).outlineStyle,
        );
        assert.notEqual(outline, 'none', `the focus on ${at} is not to be seen`);
        return;
      }
      seen.push(at);
      await keyboard.press(key);
    }
    assert.fail(`never reached ${name}: ${seen.join(' | ')}`);
  };
  await page.getByLabel('E-mail').waitFor();
  await keyboard.type('mira@northwind.example');
  await keyboard.press('Tab');
  await keyboard.type('right');
  await keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await tabTo(/^API keys$/);
  await keyboard.press('Enter');
  await page.getByRole('button', { name: 'Revoke production backend' }).waitFor();
  await tabTo(/^Create API key$/);
  await keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await keyboard.type('from the keyboard');
  await tabTo(/^Create key$/);
  await keyboard.press('Enter');
  await page.getByTestId('new-key').waitFor();
  // Shown once: Escape must not lose it.
  await keyboard.press('Escape');
  assert.ok(await page.getByTestId('new-key').isVisible());
  await tabTo(/^I have saved the key$/);
  await keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.ok(calls.some((call) => /^POST .*api-keys$/.test(call)));
  check(watched);
  await page.context().close();
});

test('a list whose first pages are empty looks on until there is a row, or the end', async () => {
  const { page, watched, world } = await open('/o/ORG/activity?model=none');
  await page.route(/\/requests\?.*model=seldom/, (route) => {
    const from = Number(new URL(route.request().url()).searchParams.get('cursor'));
    const items = from === 2 ? world.requests.slice(0, 1) : [];
    return route.fulfill({ json: { items, next_cursor: from < 3 ? `${from + 1}` : null } });
  });
  await page.goto(page.url().replace('model=none', 'model=seldom'));
  await page.getByText('All of the last 24 hours.').waitFor();
  assert.equal(await page.locator('[role=row] a').count(), 1);
  check(watched);
});

test('new requests come in by themselves, and not when paused or scrolled away', async () => {
  const now = new Date();
  const world = makeWorld(now);
  const { page, watched } = await open('/o/ORG/activity', { world, now });
  await page.locator('[role=row] a').first().waitFor();
  const template = world.requests[0] as (typeof world.requests)[0];
  let n = 0;
  const arrive = (model: string) => {
    n += 1;
    const at = new Date(Date.now() + n);
    world.requests.unshift({
      ...template,
      id: template.id.replace(/.{4}$/, `f00${n}`),
      created_at: at.toISOString(),
      model,
    });
  };
  arrive('model-one');
  await page.getByText('model-one').waitFor();

  await page.getByRole('button', { name: 'Live: pause' }).click();
  assert.match(page.url(), /live=off/);
  arrive('model-two');
  await page.waitForTimeout(3000);
  assert.equal(await page.getByText('model-two').count(), 0);
  await page.getByRole('button', { name: 'Paused: resume' }).click();
  await page.getByText('model-two').waitFor();

  await page.mouse.wheel(0, 3000);
  await page.getByRole('button', { name: 'Back to newest' }).waitFor();
  arrive('model-three');
  await page.waitForTimeout(3000);
  await page.getByRole('button', { name: 'Back to newest' }).click();
  await page.getByText('model-three').waitFor();
  check(watched);
  await page.context().close();
});

test('900 requests: few rows are made, all can be reached', async () => {
  const { page, watched, world } = await open('/o/ORG/activity?range=30d');
  await page.locator('[role=row] a').first().waitFor();
  const made = await page.locator('[role=row]').count();
  assert.ok(made < 80, `${made} rows are in the document`);
  const end = page.getByText(/^All of the last 30 days/);
  for (let i = 0; i < 60 && !(await end.isVisible()); i += 1) {
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    await page.waitForTimeout(100);
  }
  await end.waitFor();
  const rows = await page.getByRole('table').getAttribute('aria-rowcount');
  assert.equal(Number(rows), world.requests.length + 1);
  const oldest = world.requests.at(-1)?.id;
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  await page.locator(`[data-request="${oldest}"]`).waitFor();
  check(watched);
  await page.context().close();
});

test('5,000 requests scrolled through: the document does not grow', async () => {
  const now = new Date();
  const world = makeWorld(now);
  const template = world.requests[0] as (typeof world.requests)[0];
  world.requests = Array.from({ length: 5000 }, (_, i) => ({
    ...template,
    id: template.id.replace(/.{12}$/, String(i).padStart(12, '0')),
    created_at: new Date(now.getTime() - (i + 1) * 1000).toISOString(),
  }));
  const { page, watched } = await open('/o/ORG/activity?range=30d&live=off', { world, now });
  await page.locator('[role=row] a').first().waitFor();
  const nodes = () => page.evaluate(() => document.getElementsByTagName('*').length);
  const few = await nodes();
  const end = page.getByText(/^All of the last 30 days/);
  let most = 0;
  for (let i = 0; i < 200 && !(await end.isVisible()); i += 1) {
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    await page.waitForTimeout(40);
    most = Math.max(most, await nodes());
  }
  await end.waitFor();
  assert.equal(await page.getByRole('table').getAttribute('aria-rowcount'), '5001');
  assert.ok(most < few * 1.5 + 200, `${few} elements at first, ${most} while scrolling`);
  check(watched);
  await page.context().close();
});

test('search by what the client said, filters by cost and time, and the file of it', async () => {
  const { page, watched, world, calls } = await open('/o/ORG/activity?range=30d');
  const named = world.requests.find(({ end_user }) => end_user !== null);
  const own = world.requests.find(({ client_request_id }) => client_request_id !== null);
  const count = async () => Number(await page.getByRole('table').getAttribute('aria-rowcount')) - 1;
  await page.getByLabel('Search by').selectOption('client');
  await page.getByLabel(/The id that the client gave/).fill(own?.client_request_id ?? '');
  await page.locator(`[data-request="${own?.id}"]`).waitFor();
  assert.equal(await count(), 1);
  assert.equal(new URL(page.url()).searchParams.get('by'), 'client');
  await page.getByLabel('Search by').selectOption('user');
  await page.getByLabel(/The end user/).fill(named?.end_user ?? '');
  await page.locator(`[data-request="${named?.id}"]`).waitFor();
  await page.getByRole('button', { name: 'Clear' }).click();

  await page.getByRole('button', { name: 'Latency', exact: true }).click();
  await page.getByRole('option', { name: '5.00 s or more' }).click();
  await page.getByText('5.00 s or more').waitFor();
  await page.getByRole('button', { name: 'Answer', exact: true }).click();
  await page.getByRole('option', { name: 'streamed' }).click();
  assert.match(page.url(), /streamed=true.*|ms=5000/);
  const file = page.waitForEvent('download');
  await page.getByRole('button', { name: 'CSV' }).click();
  assert.equal((await file).suggestedFilename(), 'requests.csv');
  assert.ok(calls.some((call) => call.endsWith('/requests/export')));
  await page.getByRole('button', { name: 'Status', exact: true }).click();
  await page.getByRole('option', { name: 'Succeeded' }).click();
  await page.getByRole('button', { name: 'CSV' }).click();
  await page.getByText(/^No file: .*over 20000/).waitFor();
  check(watched);
  await page.context().close();
});

test('the address holds filters, range and the open request', async () => {
  const { page, watched, world, org } = await open('/o/ORG/activity');
  await page.getByRole('button', { name: 'Status', exact: true }).click();
  await page.getByRole('option', { name: 'Failed' }).click();
  await page.getByRole('button', { name: 'Key', exact: true }).click();
  await page.getByRole('combobox', { name: 'Key' }).fill('nightly');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /^Time range/ }).click();
  await page.getByRole('button', { name: 'Last 7 days' }).click();
  await page.locator('[role=row] a').first().click();
  await page.getByText('Tokens and cost').waitFor();
  const address = new URL(page.url());
  const key = world.apiKeys.find(({ name }) => name === 'nightly evaluation');
  assert.equal(address.searchParams.get('status'), 'error');
  assert.equal(address.searchParams.get('key'), key?.id);
  assert.equal(address.searchParams.get('range'), '7d');
  const id = address.searchParams.get('request');

  await page.reload();
  await page.getByText('Tokens and cost').waitFor();
  assert.ok(
    await page
      .getByRole('dialog')
      .getByText(id ?? '?')
      .isVisible(),
  );
  // The list is behind it, with its filters: older and newer walk it.
  await page.locator('[role=row][aria-current=true]').waitFor();
  await page.getByRole('button', { name: /^Older request/ }).click();
  assert.notEqual(new URL(page.url()).searchParams.get('request'), id);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(new URL(page.url()).searchParams.get('request'), null);
  assert.equal(new URL(page.url()).pathname, `/o/${org}/activity`);
  check(watched);
  await page.context().close();
});

test('Ctrl K finds a request by the beginning of its id', async () => {
  const { page, watched, world } = await open('/o/ORG/api-keys');
  await page.getByText('production backend').waitFor();
  await page.keyboard.press('Control+k');
  const wanted = world.requests[40] as (typeof world.requests)[0];
  await page.getByRole('combobox').fill(wanted.id.slice(0, 18));
  await page.getByRole('option', { name: wanted.id }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByText(wanted.id).waitFor();
  check(watched);
  await page.context().close();
});

test('the theme is chosen, kept, and there before the first paint', async () => {
  const { page, watched } = await open('/o/ORG/api-keys');
  const scheme = () => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  assert.equal(await scheme(), 'dark');
  await page.reload({ waitUntil: 'commit' });
  await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
  await page.getByText('production backend').waitFor();
  assert.equal(await scheme(), 'dark');
  check(watched);
  await page.context().close();
});

test('a session that ends leads to the login, and back to where one was', async () => {
  const { page, watched, world } = await open('/o/ORG/api-keys?status=all');
  await page.getByText('production backend').waitFor();
  await page.unrouteAll();
  await serveDashboard(page);
  await fakeControl(page, { signedIn: false, world });
  await page.reload();
  await page.getByLabel('E-mail').waitFor();
  await page.getByLabel('E-mail').fill('mira@northwind.example');
  await page.getByLabel('Password').fill('right');
  await page.keyboard.press('Enter');
  await page.getByText('production backend').waitFor();
  assert.equal(new URL(page.url()).search, '?status=all');
  check(watched);
  await page.context().close();
});

test('home is the overview, and the way to the first request before there was one', async () => {
  for (const [state, heading] of [
    ['filled', 'Overview'],
    ['empty', 'Send the first request'],
    ['error', 'Overview'],
  ] as const) {
    const { page } = await open('/', { state });
    await page.getByRole('heading', { name: heading }).waitFor();
    await page.context().close();
  }
});

test('a login never leads to another site', async () => {
  for (const next of [
    '//evil.example/',
    'https://evil.example/',
    '/\\evil.example',
    'javascript:1',
  ]) {
    const { page, watched } = await open(`/login?next=${encodeURIComponent(next)}`, {
      signedIn: false,
    });
    await page.getByLabel('E-mail').fill('mira@northwind.example');
    await page.getByLabel('Password').fill('right');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    assert.equal(new URL(page.url()).origin, ORIGIN);
    check(watched);
    await page.context().close();
  }
});

test('a viewer is offered nothing that is refused', async () => {
  const world = makeWorld(new Date(), { role: 'viewer' });
  const { page, watched } = await open('/o/ORG/api-keys', { world });
  await page.getByText('production backend').waitFor();
  assert.equal(
    await page.getByRole('button', { name: /^(Create API key|Revoke .+|AWS .+)$/ }).count(),
    0,
  );
  await page.goto(page.url().replace('api-keys', 'provider-keys'));
  await page.getByText('main account', { exact: true }).first().waitFor();
  assert.equal(
    await page
      .getByRole('button', { name: /^(Add|More for|Move|Confirm|Discard|Continue) / })
      .count(),
    0,
  );
  check(watched);
  await page.context().close();
});

test('the sparks share a crosshair, and dragging over one sets the range', async () => {
  const { page, watched } = await open('/o/ORG/activity');
  const strip = page.getByRole('region', { name: 'Usage in this range' });
  const spark = strip.getByRole('img', { name: 'Requests over time' });
  await spark.locator('canvas').waitFor();
  const box = await spark.boundingBox();
  assert.ok(box);
  const y = box.y + box.height / 2;
  const total = await strip.getByRole('button').first().textContent();
  await page.mouse.move(box.x + box.width * 0.3, y);
  // Spend, requests and success rate all show the moment under the pointer.
  await page.waitForFunction(
    () => document.body.innerText.match(/\bsince /g)?.length === 3,
    undefined,
  );
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, y, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(/from=.*to=/);
  const { searchParams } = new URL(page.url());
  const [from, to] = ['from', 'to'].map((name) => Date.parse(searchParams.get(name) ?? ''));
  const hours = (Number(to) - Number(from)) / 3_600_000;
  assert.ok(hours > 5 && hours < 9, `a third of a day is not ${hours} h`);
  // What is past does not move: nothing to pause.
  assert.equal(await page.getByRole('button', { name: /^(Live|Paused)/ }).count(), 0);
  await page.mouse.move(0, 0);
  await strip
    .getByRole('button', { name: String(total), exact: true })
    .waitFor({ state: 'detached' });
  check(watched);
  await page.context().close();
});

test('what opened a dialog has the focus back from the one that replaced it', async () => {
  const { page, watched } = await open('/o/ORG/api-keys');
  const button = page.getByRole('button', { name: 'Create API key' });
  await button.press('Enter');
  await page.getByLabel('Name').fill('mobile app');
  await page.keyboard.press('Enter');
  await page.getByTestId('new-key').waitFor();
  await page.getByRole('button', { name: 'I have saved the key' }).press('Enter');
  await page.getByTestId('new-key').waitFor({ state: 'detached' });
  await page.waitForFunction((it) => it === document.activeElement, await button.elementHandle());
  check(watched);
  await page.context().close();
});

test('AWS credentials are revoked, but not by one click', async () => {
  const { page, watched, calls } = await open('/o/ORG/api-keys');
  await page.getByRole('button', { name: 'AWS credentials of production backend' }).click();
  const button = page.getByRole('button', { name: /^Revoke DOTEB/ });
  await button.click();
  const asked = page.getByRole('dialog', { name: 'Revoke these AWS credentials?' });
  await asked.getByText(/^DOTEB/).waitFor();
  await page.keyboard.press('Escape');
  await page.waitForFunction((it) => it === document.activeElement, await button.elementHandle());
  const revoked = () => calls.filter((call) => call.startsWith('DELETE ')).length;
  assert.equal(revoked(), 0, 'it was asked first');
  await button.click();
  await asked.getByRole('button', { name: 'Revoke credentials' }).click();
  await page.getByText('None yet.').waitFor();
  assert.equal(revoked(), 1);
  await page.waitForFunction(() => document.activeElement?.closest('[role=dialog]'));
  check(watched);
  await page.context().close();
});
