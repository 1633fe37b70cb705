// The views of the provider keys' page; see views.ts.
import type { Page } from 'playwright-core';
import type { View } from './views.ts';

const path = (org: string) => `/o/${org}/provider-keys`;

const more = async (page: Page, key: string, item: string) => {
  await page.getByRole('button', { name: `More for ${key}` }).click();
  await page.getByRole('menuitem', { name: item }).click();
  await page.getByRole('dialog').waitFor();
};

/** Azure needs an option, too. */
const add = async (page: Page, secret: string) => {
  await page.getByRole('option', { name: /Azure/ }).click();
  await page.getByLabel('Label').fill('US deployment');
  await page.getByLabel('Secret', { exact: true }).fill(secret);
  await page.getByLabel('Resource').fill('northwind-us');
  await page.getByRole('button', { name: 'Check and add' }).click();
};

const rotate = async (page: Page, secret: string) => {
  await more(page, 'main account', 'Rotate secret');
  await page.getByLabel('New secret', { exact: true }).fill(secret);
  await page.getByRole('button', { name: 'Verify' }).click();
};

/** A state of the page with keys in it. */
const filled = (name: string, act: (page: Page) => Promise<unknown>): View => ({
  name: `provider-key-${name}`,
  path,
  state: 'filled',
  ready: 'text=main account',
  act,
});

const adding = (name: string, act: (page: Page) => Promise<unknown>): View => ({
  name: `provider-key-${name}`,
  path: (org) => `${path(org)}?add=1`,
  state: 'filled',
  ready: 'role=option >> nth=0',
  act,
});

export const PROVIDER_KEY_VIEWS: View[] = [
  { name: 'provider-keys', path, state: 'filled', ready: 'text=main account' },
  {
    name: 'provider-keys-empty',
    path,
    state: 'empty',
    ready: 'text=No provider key yet',
  },
  {
    name: 'provider-keys-loading',
    path,
    state: 'loading',
    ready: '[aria-busy=true]',
  },
  {
    name: 'provider-keys-error',
    path,
    state: 'error',
    ready: 'text=No answer for now',
  },
  {
    name: 'provider-key-choose',
    path: (org) => `${path(org)}?add=1`,
    state: 'filled',
    ready: 'role=option >> nth=0',
  },
  {
    name: 'provider-key-form',
    path: (org) => `${path(org)}?add=1`,
    state: 'filled',
    ready: 'role=option >> nth=0',
    act: async (page) => {
      await page.getByRole('option', { name: /Azure/ }).click();
      await page.getByLabel('Secret', { exact: true }).fill('sk-example');
    },
  },
  adding('added', async (page) => {
    await add(page, 'sk-good');
    await page.getByText('answered 200').waitFor();
  }),
  adding('added-unasked', async (page) => {
    await add(page, 'sk-away');
    await page.getByText('no answer in').waitFor();
  }),
  adding('add-refused', async (page) => {
    await add(page, 'sk-refused');
    await page.getByRole('button', { name: 'Add it unchecked' }).waitFor();
  }),
  filled('more', (page) => page.getByRole('button', { name: 'More for main account' }).click()),
  filled('edit', (page) => more(page, 'batch jobs', 'Edit')),
  filled('check', (page) => more(page, 'batch jobs', 'Check')),
  filled('delete', (page) => more(page, 'EU deployment', 'Delete')),
  filled('delete-one-of-many', (page) => more(page, 'batch jobs', 'Delete')),
  filled('rotate-paste', (page) => more(page, 'main account', 'Rotate secret')),
  filled('rotate-refused', async (page) => {
    await rotate(page, 'sk-refused');
    await page.getByRole('alert').waitFor();
  }),
  filled('rotate-verified', async (page) => {
    await rotate(page, 'sk-good');
    await page.getByText('The new secret works').waitFor();
  }),
  filled('rotate-unverified', async (page) => {
    await rotate(page, 'sk-away');
    await page.getByText('could not be verified').first().waitFor();
  }),
  filled('rotate-switch', (page) => more(page, 'EU deployment', 'Continue to rotate')),
  filled('rotate-confirm', (page) =>
    more(page, 'trial of the research group', 'Continue to rotate'),
  ),
];
