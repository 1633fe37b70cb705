// An account: its links, two-step sign-in, sessions, its end; finding one of very many organisations.
// Against a scripted API.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, ORIGIN } from './lib/browser.ts';
import { scripted } from './lib/scripted.ts';
import { nothingInTheWay } from './lib/views_account.ts';
import { makeWorld } from './lib/world.ts';

const open = scripted();

test('an account is deleted when nothing stands in the way, and the page says what does', async () => {
  const { page, watched, calls } = await open('/o/ORG/account');
  await page.getByRole('button', { name: 'Delete account…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Nobody else operates it.').waitFor();
  assert.equal(await dialog.getByLabel('Your password').count(), 0);
  const archive = await dialog
    .getByRole('link', { name: 'Archive it: Contoso' })
    .getAttribute('href');
  assert.match(archive ?? '', /^\/o\/[0-9a-f-]{36}\/organisation$/);
  const members = await dialog.getByRole('link', { name: 'Members of' }).getAttribute('href');
  assert.match(members ?? '', /^\/o\/[0-9a-f-]{36}\/members$/);
  await page.keyboard.press('Escape');

  await nothingInTheWay(page);
  await page.getByRole('button', { name: 'Delete account…' }).click();
  await dialog.getByLabel('Your password').fill('right');
  await dialog.getByLabel(/^Revoke my 4 API keys too/).check();
  const asked = page.waitForRequest(
    (request) => request.method() === 'POST' && request.url().endsWith('/account/deletion'),
  );
  await page.keyboard.press('Enter');
  assert.deepEqual((await asked).postDataJSON(), { password: 'right', api_keys: 'revoke' });
  await page.waitForURL(`${ORIGIN}/login`);
  await page.getByText('Deleted your account').waitFor();
  assert.ok(calls.includes('POST /account/deletion'));
  await page.goto(`${ORIGIN}/`);
  await page.getByLabel('E-mail').waitFor();
  check(watched);
  await page.context().close();
});

test('with two-step sign-in, deleting the account takes a code', async () => {
  const { page, watched } = await open('/o/ORG/account', { account: { second_factor: true } });
  await nothingInTheWay(page);
  await page.getByRole('button', { name: 'Delete account…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Your password').fill('right');
  await dialog.getByLabel('Code', { exact: true }).fill('ABCD-EFGH-IJKL-MNOP');
  const asked = page.waitForRequest('**/account/deletion');
  await page.keyboard.press('Enter');
  const { code } = (await asked).postDataJSON();
  assert.equal(code, 'ABCD-EFGH-IJKL-MNOP');
  check(watched);
  await page.context().close();
});

test('of more organisations than the menu shows, one is found by its name', async () => {
  const world = makeWorld(new Date());
  const [own] = world.session.organisations;
  assert.ok(own);
  Object.defineProperty(world.session, 'organisations_total', { value: 500, enumerable: true });
  const far = { ...own, id: '00000000-0000-7abe-8abe-00000000f001', name: 'Tailspin 499' };
  const { page, watched, org } = await open('/o/ORG/activity', { world });
  const asked: string[] = [];
  await page.route('**/api/v1/account/organisations?**', (route) => {
    asked.push(new URL(route.request().url()).searchParams.get('q') ?? '');
    const items = [far, own].map(({ id, name, role }) => ({ id, name, role }));
    return route.fulfill({ json: { items, next_cursor: null } });
  });
  await page.route('**/api/v1/session?**', (route) => {
    const named = new URL(route.request().url()).searchParams.get('organisation');
    const organisations = named === far.id ? [own, far] : [own];
    return route.fulfill({ json: { ...world.session, organisations } });
  });
  await page.locator('[role=row] a').first().waitFor();
  await page.getByRole('button', { name: 'Organisation: Northwind' }).click();
  await page.getByRole('menuitem', { name: 'All 500 organisations…' }).click();
  await page.getByRole('combobox', { name: 'Find an organisation' }).fill('spin');
  await page.getByRole('option', { name: 'Tailspin 499' }).click();
  await page.getByRole('button', { name: 'Organisation: Tailspin 499' }).waitFor();
  assert.ok(page.url().includes(far.id) && asked.includes('spin'));
  // A link to it, and a page that is loaded there, work as well.
  await page.reload();
  await page.getByRole('button', { name: 'Organisation: Tailspin 499' }).waitFor();
  await page.goto(`${ORIGIN}/o/${org}/activity`);
  await page.getByRole('button', { name: 'Organisation: Northwind' }).waitFor();
  check(watched);
  await page.context().close();
});

test('a link leads to an account, and its token leaves the address at once', async () => {
  const { page, watched, calls } = await open('/sign-up/finish#SECRET', { signedIn: false });
  await page.getByLabel('Name').waitFor();
  assert.equal(new URL(page.url()).hash, '');
  await page.keyboard.type('Mira Osei'); // the first field has the focus
  await page.keyboard.press('Tab');
  await page.keyboard.type('a long password');
  const sent = page.waitForRequest('**/api/v1/sign-up/finish');
  await page.keyboard.press('Enter');
  assert.deepEqual((await sent).postDataJSON(), {
    token: 'SECRET',
    name: 'Mira Osei',
    password: 'a long password',
  });
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.goBack();
  assert.ok(!page.url().includes('SECRET'));
  assert.ok(calls.includes('POST /sign-up/finish'));
  check(watched);
  await page.context().close();
});

test('a mail is promised in the same words whoever asks, and can be asked for by keyboard', async () => {
  const { page, watched, calls } = await open('/login', { signedIn: false });
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByRole('button', { name: 'Send the link' }).waitFor();
  await page.keyboard.type('mira@northwind.example');
  await page.keyboard.press('Enter');
  const heading = page.getByRole('heading', { name: 'Check your mail' });
  await heading.waitFor();
  assert.ok(await heading.evaluate((node) => node === document.activeElement), 'it is read out');
  assert.ok(calls.includes('POST /sign-up'));
  assert.equal(await page.getByText('does not take mail').count(), 0);
  check(watched);
  await page.context().close();
});

test('who waits for a mail is told when the mail server takes none', async () => {
  const { page, watched } = await open('/reset', { signedIn: false });
  await page.getByLabel('E-mail').fill('late@northwind.example');
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('does not take mail at the moment').waitFor();
  check(watched);
  await page.context().close();
});

test('the second step of signing in leads where the first was asked for', async () => {
  const { page, watched } = await open('/o/ORG/api-keys', { signedIn: false });
  await page.getByLabel('E-mail').waitFor();
  await page.keyboard.type('mira@northwind.example');
  await page.keyboard.press('Tab');
  await page.keyboard.type('two steps');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Second step' }).waitFor();
  await page.keyboard.type('000000');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await page.getByRole('button', { name: 'Use a recovery code' }).click();
  await page.getByLabel('Recovery code').waitFor();
  await page.keyboard.type('ABCD-EFGH-IJKL-MN22');
  const sent = page.waitForRequest('**/session/second-factor');
  await page.keyboard.press('Enter');
  assert.equal((await sent).postDataJSON().code, 'ABCD-EFGH-IJKL-MN22');
  await page.getByRole('heading', { name: 'API keys' }).waitFor();
  check(watched);
  await page.context().close();
});

test('two-step sign-in is set up by keyboard alone, and its codes are not lost by Escape', async () => {
  const { page, watched } = await open('/o/ORG/account');
  const { keyboard } = page;
  await page.getByRole('button', { name: 'Set up' }).focus();
  await keyboard.press('Enter');
  await page.getByLabel('Your password', { exact: true }).waitFor();
  await keyboard.type('wrong');
  await keyboard.press('Enter');
  await page.getByText('It is wrong.').waitFor();
  await page.getByLabel('Your password', { exact: true }).focus();
  await keyboard.type('right');
  await keyboard.press('Enter');
  await page.getByRole('img', { name: /QR code/ }).waitFor();
  await keyboard.type('123456');
  await keyboard.press('Enter');
  const codes = page.getByTestId('recovery-codes');
  await codes.waitFor();
  assert.equal(await codes.getByRole('listitem').count(), 10);
  await keyboard.press('Escape');
  assert.ok(await codes.isVisible());
  await page.getByRole('button', { name: 'I have saved the codes' }).press('Enter');
  await codes.waitFor({ state: 'detached' });
  await page.getByText('10 codes left').waitFor();
  check(watched);
  await page.context().close();
});

test('other sessions are signed out one by one or together', async () => {
  const { page, watched, calls } = await open('/o/ORG/account');
  await page.getByRole('button', { name: /^Sign out Safari on iOS/ }).click();
  await page.getByText('Safari on iOS').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await page.getByText('curl').waitFor({ state: 'detached' });
  await page.getByText('Firefox on Linux').waitFor();
  assert.ok(calls.includes('DELETE /account/sessions'));
  check(watched);
  await page.context().close();
});
