// Saved views: what the fake control API says of them, and what the pages look like with them; see views.ts.
import type { Route } from 'playwright-core';
import type { components } from '../../../dashboard/src/api/schema.d.ts';
import type { View } from './views.ts';
import type { World } from './world.ts';

type SavedView = components['schemas']['View'];

const saved = (n: number, name: string, more: Partial<SavedView>): SavedView => ({
  id: `00000000-0000-7abe-8abe-${`${n}`.padStart(12, '0')}`,
  etag: `${n}`.repeat(32).slice(0, 32),
  name,
  page: 'activity',
  query: '',
  shared: false,
  owner: {
    id: '00000000-0000-7abd-8abd-000000000001',
    name: 'Mara Lindqvist',
    email: 'mara@northwind.example',
  },
  created_at: '2026-06-12T08:00:00.000Z',
  ...more,
});

/** They are kept with the world, so that a test sees what became of them. */
const kept = new WeakMap<World, SavedView[]>();

function viewsOf(world: World): SavedView[] {
  const { id, name, email } = world.session.user;
  const owner = { id, name, email };
  const views = kept.get(world) ?? [
    saved(1, 'Failures of the week', { owner, query: 'range=7d&status=error' }),
    saved(2, 'Slow answers', { query: 'ms=10000', shared: true }),
    saved(3, 'Spend by person', { owner, page: 'analytics', query: 'by=user', shared: true }),
  ];
  kept.set(world, views);
  return views;
}

export function savedViews(route: Route, method: string, path: string, world: World) {
  const views = viewsOf(world);
  const id = path.split('/')[4];
  const at = views.findIndex((view) => view.id === id);
  const body = method === 'POST' || method === 'PATCH' ? route.request().postDataJSON() : {};
  if (method === 'GET') return route.fulfill({ json: { items: views, next_cursor: null } });
  if (method === 'POST') {
    const { id, name, email } = world.session.user;
    views.push(saved(views.length + 10, '', { owner: { id, name, email }, ...body }));
    return route.fulfill({ status: 201, json: views.at(-1) });
  }
  if (method === 'DELETE') {
    views.splice(at, 1);
    return route.fulfill({ status: 204 });
  }
  views[at] = { ...(views[at] as SavedView), ...body };
  return route.fulfill({ json: views[at] });
}

const activity = (org: string) => `/o/${org}/activity`;
const ready = 'text=Success rate';

export const SAVED_VIEWS: View[] = [
  {
    name: 'views-menu',
    path: activity,
    state: 'filled',
    ready,
    act: async (page) => {
      await page.getByRole('button', { name: 'Views' }).click();
      await page.getByRole('menuitemradio', { name: 'Slow answers' }).waitFor();
    },
  },
  {
    name: 'views-save',
    path: activity,
    state: 'filled',
    ready,
    act: async (page) => {
      await page.getByRole('button', { name: 'Views' }).click();
      await page.getByRole('menuitem', { name: 'Save this view' }).click();
      await page.getByLabel('Name').fill('Failures of the month');
    },
  },
  {
    name: 'views-manage',
    path: activity,
    state: 'filled',
    ready,
    act: async (page) => {
      await page.getByRole('button', { name: 'Views' }).click();
      await page.getByRole('menuitem', { name: 'Manage views' }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'views-delete',
    path: activity,
    state: 'filled',
    ready,
    act: async (page) => {
      await page.getByRole('button', { name: 'Views' }).click();
      await page.getByRole('menuitem', { name: 'Manage views' }).click();
      await page.getByRole('button', { name: 'Delete Slow answers' }).click();
      await page.getByRole('button', { name: 'Delete view' }).waitFor();
    },
  },
];
