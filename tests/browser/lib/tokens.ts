// Management tokens: what the fake control API says of them, and the page's views; see views.ts.
import type { Route } from 'playwright-core';
import type { components } from '../../../dashboard/src/api/schema.d.ts';
import type { View } from './views.ts';

type Token = components['schemas']['ManagementToken'];

const token = (n: number, name: string, more: Partial<Token>): Token => ({
  id: `00000000-0000-7abc-8abc-${`${n}`.padStart(12, '0')}`,
  name,
  last4: `a${n}Qz`,
  role: 'developer',
  scopes: ['read', 'keys'],
  created_by: {
    id: `00000000-0000-7abd-8abd-${`${n}`.padStart(12, '0')}`,
    name: 'Mara Lindqvist',
    email: 'mara@northwind.example',
  },
  maker_role: 'owner',
  created_at: '2026-06-12T08:00:00.000Z',
  expires_at: null,
  last_used_at: '2026-07-01T08:00:00.000Z',
  revoked_at: null,
  ...more,
});

const TOKENS = [
  token(1, 'deployment', {}),
  token(2, 'nightly export', { role: 'viewer', scopes: ['read', 'audit'], last_used_at: null }),
  token(3, 'terraform', {
    role: 'admin',
    scopes: ['read', 'keys', 'provider-keys', 'projects', 'members'],
    maker_role: 'developer',
  }),
  token(4, 'old script', { maker_role: null }),
];

const SECRET = `sk-doteb-mgmt-${'Ab3dE6gH9'.repeat(6).slice(0, 49)}`;

export function tokens(route: Route, method: string, empty: boolean): Promise<void> {
  if (method === 'DELETE') return route.fulfill({ status: 204 });
  const made = { ...token(5, '', {}), ...(method === 'POST' && route.request().postDataJSON()) };
  const json =
    method === 'POST'
      ? { ...made, last4: SECRET.slice(-4), token: SECRET }
      : { items: empty ? [] : TOKENS, next_cursor: null };
  return route.fulfill({ status: method === 'POST' ? 201 : 200, json });
}

const path = (org: string) => `/o/${org}/management-tokens`;

export const TOKEN_VIEWS: View[] = [
  { name: 'tokens', path, state: 'filled', ready: 'text=nightly export' },
  { name: 'tokens-empty', path, state: 'empty', ready: 'text=No management token yet' },
  { name: 'tokens-error', path, state: 'error', ready: '[role=alert]' },
  {
    name: 'tokens-create',
    path,
    state: 'filled',
    ready: 'text=nightly export',
    act: async (page) => {
      await page.getByRole('button', { name: 'Create token' }).click();
      await page.getByLabel('Name').fill('deployment');
    },
  },
  {
    name: 'tokens-created',
    path,
    state: 'filled',
    ready: 'text=nightly export',
    act: async (page) => {
      await page.getByRole('button', { name: 'Create token' }).click();
      await page.getByLabel('Name').fill('deployment');
      await page.getByRole('checkbox', { name: /^keys/ }).check();
      await page.getByRole('dialog').getByRole('button', { name: 'Create token' }).click();
      await page.getByTestId('new-token').waitFor();
    },
  },
  {
    name: 'tokens-revoke',
    path,
    state: 'filled',
    ready: 'text=nightly export',
    act: (page) => page.getByRole('button', { name: 'Revoke terraform' }).click(),
  },
];
