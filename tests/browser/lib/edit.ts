// Edits of the fake control API, which heed If-Match as control does.
import type { Route } from 'playwright-core';

let edits = 0;

/** Has it been changed since the caller read it? Then the answer is given: 412. */
export function stale(route: Route, element: { etag: string } | undefined): Promise<void> | false {
  const read = route.request().headers()['if-match'];
  if (!read || !element || read === element.etag) return false;
  return route.fulfill({
    status: 412,
    contentType: 'application/problem+json',
    body: JSON.stringify({
      type: 'urn:doteb:problem:changed',
      title: 'Changed meanwhile',
      status: 412,
      detail: 'It has been changed since you read it; read it again.',
      field: 'If-Match',
    }),
  });
}

/** The element changed, with a new etag. */
export function edit<T extends { etag: string }>(element: T | undefined, change: object) {
  edits += 1;
  return element && Object.assign(element, change, { etag: `${edits}`.padStart(32, '0') });
}
