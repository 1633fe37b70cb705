// Passkeys with Chromium's own virtual authenticator against the real control daemon: added, used alone and as the
// second step, refused, renamed, removed. The stack is end_to_end.sh's.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { violations } from './lib/axe.ts';
import { check, launch, type Watched, watchedPage } from './lib/browser.ts';

function setting(name: string): string {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: run this by end_to_end.sh`);
  return value;
}

const CONTROL = setting('DOTEB_CONTROL_URL');
const PASSWORD = setting('DOTEB_ADMIN_PASSWORD');

let browser: Browser;
let watched: Watched;
let page: Page;
let cdp: CDPSession;
let authenticatorId = '';

/** What the virtual authenticator's owner does from now on: the finger is theirs, or not. */
const finger = (isUserVerified: boolean) =>
  cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
/** Whether they touch it when it is asked from now on. */
const touch = (enabled: boolean) =>
  cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
const credentials = async () =>
  (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials;

before(async () => {
  browser = await launch();
  watched = await watchedPage(browser, { viewport: { width: 1440, height: 900 } }, CONTROL);
  page = watched.page;
  await page.addInitScript(() => {
    const get = navigator.credentials.get.bind(navigator.credentials);
    navigator.credentials.get = (options) => {
      const answer = get(options);
      document.documentElement.dataset.asked = options?.mediation ?? 'modal';
      return answer;
    };
  });
  cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const made = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  authenticatorId = made.authenticatorId;
});
after(() => browser.close());

const button = (name: string) => page.getByRole('button', { name, exact: true });
const password = () => page.getByLabel('Your password', { exact: true });
const item = (name: string) =>
  page.getByRole('list', { name: 'Passkeys' }).getByRole('listitem').filter({ hasText: name });

async function givePassword() {
  await touch(false);
  await page.goto(`${CONTROL}/login`);
  await page.getByLabel('E-mail').fill(setting('DOTEB_ADMIN_EMAIL'));
  await page.getByLabel('Password').fill(PASSWORD);
  await button('Sign in').click();
}

async function toAccount() {
  await page.getByRole('navigation').first().waitFor();
  const org = await page.evaluate(async () => {
    const session = await (await fetch('/api/v1/session')).json();
    return session.organisations[0].id as string;
  });
  await page.goto(`${CONTROL}/o/${org}/account`);
  await page.getByRole('heading', { name: 'Passkeys' }).waitFor();
}

/** Away, with nothing left that could sign in but the passkey, which the page offers by now: to nobody, or to somebody
 * who chooses it at once. */
async function leave(chooses = false) {
  await touch(chooses);
  await page.context().clearCookies();
  const offer = page.waitForResponse('**/session/passkey/begin');
  await page.goto(`${CONTROL}/login`);
  assert.equal((await offer).status(), 200);
  await asked();
}

/** Until the page has asked the browser: a touch that is allowed before that is for this question, too. */
async function asked() {
  while (!(await page.evaluate(() => document.documentElement.dataset.asked))) await sleep(50);
}

const inside = () => page.waitForURL((url) => url.pathname !== '/login');

async function pressAndTouch() {
  await touch(true);
  await button('Sign in with a passkey').click();
}

/** The code of now (RFC 6238). */
function totp(secret: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = Array.from(secret, (one) => letters.indexOf(one).toString(2).padStart(5, '0'));
  const key = Buffer.from(
    (bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)),
  );
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac('sha1', key).update(step).digest();
  const at = (mac.at(-1) ?? 0) & 15;
  return `${(mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000}`.padStart(6, '0');
}

test('a passkey is added with the password', async () => {
  await givePassword();
  await toAccount();
  await page.getByText('None yet.').waitFor();
  await button('Add a passkey').click();
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Laptop');
  await password().fill('surely not this');
  await button('Continue').click();
  await page.getByText('It is wrong.').waitFor();
  assert.deepEqual(await credentials(), []);
  await touch(true);
  await password().fill(PASSWORD);
  await button('Continue').click();
  await item('Laptop').getByText('not used yet').waitFor();
  const [made] = await credentials();
  assert.equal(made?.rpId, new URL(CONTROL).hostname);
  assert.equal(made?.isResidentCredential, true);
});

test('the same device is not added twice', async () => {
  await button('Add a passkey').click();
  await password().fill(PASSWORD);
  await button('Continue').click();
  await page.getByText('This device has a passkey of your account already.').waitFor();
  await button('Cancel').click();
  assert.equal((await credentials()).length, 1);
});

test('it signs in without a name and without a password', async () => {
  await leave();
  assert.deepEqual(await violations(page), []);
  await pressAndTouch();
  await inside();
  await toAccount();
  await item('Laptop')
    .getByText(/last used/)
    .waitFor();
});

test('it is offered where the e-mail address is typed, and chosen there signs in', async () => {
  await leave();
  assert.equal(await page.getByLabel('E-mail').getAttribute('autocomplete'), 'username webauthn');
  await leave(true);
  await inside();
  await toAccount();
});

test('the offer of a page that stands open is made anew', async () => {
  await page.clock.install();
  await leave();
  for (const chooses of [false, true]) {
    await touch(chooses);
    await page.evaluate(() => delete document.documentElement.dataset.asked);
    let status = 0;
    const again = page.waitForResponse('**/session/passkey/begin').then((response) => {
      status = response.status();
    });
    while (status === 0) {
      await page.clock.fastForward('04:01'); // of no use before the page has read the last answer
      await Promise.race([again, sleep(2000)]);
    }
    assert.equal(status, 200);
    if (!chooses) await asked();
  }
  await inside();
});

test('a password signs in beside the offer', async () => {
  await leave();
  await givePassword();
  await inside();
});

test('not without the finger, and the page says so', async () => {
  await leave();
  await finger(false);
  await pressAndTouch();
  await page
    .getByRole('alert')
    .getByText(/cancelled/)
    .waitFor();
  assert.equal(new URL(page.url()).pathname, '/login');
  await finger(true);
  await leave();
  await pressAndTouch();
  await inside();
});

test('it answers the second step', async () => {
  await toAccount();
  await button('Set up').click();
  await password().fill(PASSWORD);
  const begun = page.waitForResponse('**/account/second-factor');
  await button('Continue').click();
  const { secret } = await (await begun).json();
  await page.getByLabel('Code', { exact: true }).fill(totp(secret));
  const on = page.waitForResponse('**/second-factor/confirm');
  await button('Turn on').click();
  const codes: string[] = (await (await on).json()).recovery_codes;
  await button('I have saved the codes').click();

  await leave();
  await givePassword();
  await page.getByRole('heading', { name: 'Second step' }).waitFor();
  assert.deepEqual(await violations(page), []);
  await touch(true);
  await button('Use a passkey').click();
  await inside();
  await toAccount();

  await button('Turn off').click();
  const dialog = page.getByRole('dialog');
  await password().fill(PASSWORD);
  await dialog.getByLabel('Code', { exact: true }).fill(codes[0] ?? '');
  await dialog.getByRole('button', { name: 'Turn off' }).click();
  await dialog.waitFor({ state: 'detached' });
});

test('it is renamed and removed, and opens nothing any more', async () => {
  await button('Rename Laptop').click();
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Old laptop');
  await button('Save').click();
  await item('Old laptop').waitFor();
  await button('Remove Old laptop').click();
  await password().fill(PASSWORD);
  await button('Remove').click();
  await page.getByText('None yet.').waitFor();
  assert.equal((await credentials()).length, 1, 'the device still has it');
  await leave();
  await pressAndTouch();
  await page
    .getByRole('alert')
    .getByText(/not accepted/)
    .waitFor();
  await leave(true);
  await page
    .getByRole('alert')
    .getByText(/not accepted/)
    .waitFor();
  await touch(false);
  check(watched);
});
