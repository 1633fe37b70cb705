// Saved views: a page with its filters, by name.
import { queryOptions } from '@tanstack/react-query';
import { useChange } from './change';
import { api, CSRF, ifMatch, read } from './client';
import { everyPage } from './queries';
import type { components } from './schema';

type Schemas = components['schemas'];
export type View = Schemas['View'];
export type ViewPage = Schemas['ViewPage'];

const keyOf = (org: string) => ['org', org, 'views'];

export const viewsQuery = (org: string) =>
  queryOptions({
    queryKey: keyOf(org),
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        read(
          api.GET('/api/v1/organisations/{org}/views', {
            params: { path: { org }, query: { limit: 200, ...(cursor && { cursor }) } },
            signal,
          }),
        ),
      ),
  });

export const useSaveView = (org: string) =>
  useChange(org, (body: Schemas['NewView']) =>
    read(
      api.POST('/api/v1/organisations/{org}/views', { params: { path: { org }, ...CSRF }, body }),
    ),
  );

/** This and the next: refused if somebody has changed it since it was read. */
export const useChangeView = (org: string) =>
  useChange(org, ({ view, ...body }: Schemas['ViewPatch'] & { view: View }) =>
    read(
      api.PATCH('/api/v1/organisations/{org}/views/{id}', {
        params: { path: { org, id: view.id }, ...ifMatch(view.etag) },
        body,
      }),
    ),
  );

export const useDeleteView = (org: string) =>
  useChange(org, ({ id, etag }: View) =>
    read(
      api.DELETE('/api/v1/organisations/{org}/views/{id}', {
        params: { path: { org, id }, ...ifMatch(etag) },
      }),
    ),
  );
