// Passkeys of the scripted API, and what the pages look like with them; see views.ts. The scripted pages are not
// under https, where Chromium gives none: they are told that there are. A real authenticator: passkeys.test.ts.
import type { Page, Route } from 'playwright-core';
import type { components } from '../../../dashboard/src/api/schema.d.ts';
import { edit, stale } from './edit.ts';
import type { View } from './views.ts';

type Passkey = components['schemas']['Passkey'];

export const makePasskeys = (now: Date): Passkey[] => {
  const ago = (days: number) => new Date(now.getTime() - days * 86_400_000).toISOString();
  return ['MacBook, Touch ID', 'Pixel 9', 'Blue security key in the drawer at home'].map(
    (name, i) => ({
      id: `00000000-0000-7abe-8abe-00000000000${i}`,
      etag: `${i}`.repeat(32),
      name,
      created_at: ago(90 - i * 20),
      last_used_at: i === 2 ? null : ago(i + 0.1),
    }),
  );
};

/** The browser says that it has passkeys. */
export const pretendPasskeys = (page: Page) =>
  page.addInitScript(() => {
    Object.defineProperty(window, 'PublicKeyCredential', { value: class {}, configurable: true });
  });

/** Answers account/passkeys. */
export function passkeys(route: Route, all: Passkey[]): Promise<void> {
  const method = route.request().method();
  const [, , , id, verb] = new URL(route.request().url()).pathname
    .replace('/api/v1', '')
    .split('/');
  const one = all.find((passkey) => passkey.id === id);
  const json = (body: unknown) =>
    route.fulfill({ contentType: 'application/json', body: JSON.stringify(body) });
  if (method === 'GET') return json({ items: all, next_cursor: null });
  const late = stale(route, one);
  if (late) return late;
  if (method === 'PATCH') return json(edit(one, route.request().postDataJSON()));
  if (one && verb === 'remove') all.splice(all.indexOf(one), 1);
  return route.fulfill({ status: 204 });
}

const path = (org: string) => `/o/${org}/account`;
const view = (name: string, act?: View['act']): View => ({
  name: `account-passkeys${name}`,
  path,
  state: 'filled',
  ready: 'text=Pixel 9',
  act: async (page) => {
    await page.getByRole('heading', { name: 'Passkeys' }).scrollIntoViewIfNeeded();
    await act?.(page);
  },
});
const press = (page: Page, name: string) => page.getByRole('button', { name }).click();

export const PASSKEY_VIEWS: View[] = [
  view(''),
  view('-add', (page) => press(page, 'Add a passkey')),
  view('-rename', (page) => press(page, 'Rename Pixel 9')),
  view('-remove', async (page) => {
    await press(page, 'Remove Pixel 9');
    await page.getByLabel('Your password', { exact: true }).fill('wrong');
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('It is wrong.').waitFor();
  }),
  view('-none', async (page) => {
    for (const name of [
      'MacBook, Touch ID',
      'Pixel 9',
      'Blue security key in the drawer at home',
    ]) {
      await press(page, `Remove ${name}`);
      await page.getByLabel('Your password', { exact: true }).fill('right');
      await page.getByRole('button', { name: 'Remove', exact: true }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await page.getByText('None yet.').waitFor();
  }),
];
