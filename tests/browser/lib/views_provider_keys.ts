// The views of the provider keys' page; see views.ts.
import type { View } from './views.ts';

const path = (org: string) => `/o/${org}/provider-keys`;

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
];
