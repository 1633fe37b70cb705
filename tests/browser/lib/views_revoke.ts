// What is asked before something is revoked; see views.ts.
import type { Page } from 'playwright-core';
import type { View } from './views.ts';

const open = (page: Page, name: string) => page.getByRole('button', { name }).first().click();

export const REVOKE_VIEWS: View[] = [
  {
    name: 'api-key-aws-revoke',
    path: (org) => `/o/${org}/api-keys`,
    state: 'filled',
    ready: 'text=production backend',
    act: async (page) => {
      await open(page, 'AWS credentials of production backend');
      await open(page, 'Revoke DOTEBQ3PXW5ZJ2KLM7VTRH4NA');
      await page.getByRole('button', { name: 'Revoke credentials' }).waitFor();
    },
  },
  {
    name: 'member-invitation-revoke',
    path: (org) => `/o/${org}/members`,
    state: 'filled',
    ready: 'text=noor@northwind',
    act: (page) => open(page, 'Revoke the invitation of noor@northwind.example'),
  },
];
