// Views of the ways in, and of the account; see views.ts.
import type { Page } from 'playwright-core';
import type { View } from './views.ts';

const account = (org: string) => `/o/${org}/account`;
const signedOut = { state: 'filled', signedIn: false } as const;

/** Two-step sign-in up to the QR code. */
async function toQrCode(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Set up' }).click();
  await page.getByLabel('Your password', { exact: true }).fill('right');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('img', { name: /QR code/ }).waitFor();
}

/** axe looks for a modal dialog where the page begins: far down, it takes what is behind one for all there is. */
const toTop = (page: Page) => page.evaluate(() => scrollTo(0, 0));

/** Deleting the account is possible. */
export const nothingInTheWay = (page: Page) =>
  page.route('**/api/v1/account/deletion', (route) =>
    route.request().method() === 'GET'
      ? route.fulfill({
          contentType: 'application/json',
          body: JSON.stringify({
            last_operator: false,
            organisations: [],
            organisations_total: 0,
            api_keys: 4,
          }),
        })
      : route.fallback(),
  );

export const ACCOUNT_VIEWS: View[] = [
  {
    name: 'login-second-step',
    path: () => '/login',
    ...signedOut,
    ready: 'text=Sign in',
    act: async (page) => {
      await page.getByLabel('E-mail').fill('mira@northwind.example');
      await page.getByLabel('Password').fill('two steps');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByLabel('Code', { exact: true }).fill('000000');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByRole('alert').waitFor();
    },
  },
  { name: 'sign-up', path: () => '/sign-up', ...signedOut, ready: 'text=Send the link' },
  {
    name: 'sign-up-sent',
    path: () => '/sign-up',
    ...signedOut,
    ready: 'text=Send the link',
    act: async (page) => {
      await page.getByLabel('E-mail').fill('mira@northwind.example');
      await page.getByRole('button', { name: 'Send the link' }).click();
      await page.getByText('Check your mail').waitFor();
    },
  },
  {
    name: 'sign-up-finish',
    path: () => '/sign-up/finish#token',
    ...signedOut,
    ready: 'text=Create the account',
  },
  { name: 'forgot', path: () => '/reset', ...signedOut, ready: 'text=Send the link' },
  {
    name: 'reset-finish',
    path: () => '/reset/finish#token',
    ...signedOut,
    ready: 'text=Save the password',
  },
  {
    name: 'link-gone',
    path: () => '/reset/finish#old',
    ...signedOut,
    ready: 'text=Save the password',
    act: async (page) => {
      await page.getByLabel('New password').fill('a new password');
      await page.getByRole('button', { name: 'Save the password' }).click();
      await page.getByText('no longer works').waitFor();
    },
  },
  {
    name: 'email-finish',
    path: () => '/email/finish#token',
    ...signedOut,
    ready: 'text=Use this address',
  },
  { name: 'account', path: account, state: 'filled', ready: 'text=curl' },
  { name: 'account-loading', path: account, state: 'loading', ready: '[aria-busy=true]' },
  { name: 'account-error', path: account, state: 'error', ready: 'text=No answer for now' },
  {
    name: 'account-password',
    path: account,
    state: 'filled',
    ready: 'text=curl',
    act: async (page) => {
      await page.getByRole('button', { name: 'Change your password' }).click();
      await page.getByLabel('Your password', { exact: true }).fill('wrong');
      await page.getByLabel('New password').fill('a new password');
      await page.getByRole('button', { name: 'Change password' }).click();
      await page.getByText('It is wrong.').waitFor();
    },
  },
  {
    name: 'account-delete-blocked',
    path: account,
    state: 'filled',
    ready: 'text=curl',
    act: async (page) => {
      await page.getByRole('button', { name: 'Delete account…' }).click();
      await page.getByText('And 1 more organisation.').waitFor();
      await toTop(page);
    },
  },
  {
    name: 'account-delete',
    path: account,
    state: 'filled',
    ready: 'text=curl',
    act: async (page) => {
      await nothingInTheWay(page);
      await page.getByRole('button', { name: 'Delete account…' }).click();
      await page.getByLabel('Your password', { exact: true }).fill('wrong');
      await page.getByRole('button', { name: 'Delete for good' }).click();
      await page.getByText('It is wrong.').waitFor();
      await toTop(page);
    },
  },
  { name: 'account-qr-code', path: account, state: 'filled', ready: 'text=curl', act: toQrCode },
  {
    name: 'account-recovery-codes',
    path: account,
    state: 'filled',
    ready: 'text=curl',
    act: async (page) => {
      await toQrCode(page);
      await page.getByLabel('Code', { exact: true }).fill('123456');
      await page.getByRole('button', { name: 'Turn on' }).click();
      await page.getByTestId('recovery-codes').waitFor();
    },
  },
  {
    name: 'no-organisation',
    path: () => '/',
    state: 'filled',
    alone: true,
    ready: 'text=You are in no organisation',
  },
  {
    name: 'account-alone',
    path: () => '/account',
    state: 'filled',
    alone: true,
    ready: 'text=curl',
  },
  { name: 'login', path: () => '/login', state: 'filled', signedIn: false, ready: 'text=Sign in' },
  {
    name: 'login-wrong',
    path: () => '/login',
    state: 'filled',
    signedIn: false,
    ready: 'text=Sign in',
    act: async (page) => {
      await page.getByLabel('E-mail').fill('mira@northwind.example');
      await page.getByLabel('Password').fill('wrong');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByRole('alert').waitFor();
    },
  },
];
