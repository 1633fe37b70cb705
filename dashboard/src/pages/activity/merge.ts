// Puts new rows, or the newest page read again, into the pages that are already there.
import type { InfiniteData } from '@tanstack/react-query';
import type { Request, RequestList } from '@/api/client';

export type Pages = InfiniteData<RequestList, string>;

/** Beyond this many rows in the first page a live list starts over with the newest page. */
export const FIRST_PAGE_LIMIT = 600;

/**
 * A request that began early may be written late, so new rows are sorted in. Without a common row
 * there may be a gap between old and new: the list then starts over with the newest page.
 */
export function merge(old: Pages, newest: RequestList): { pages: Pages; fresh: Set<string> } {
  const { known, added, fresh } = compare(old, newest.items);
  const [first, ...rest] = old.pages;
  if (added.length === 0 || !first) return { pages: old, fresh };
  const gap = added.length === newest.items.length && known.size > 0;
  const tooLong = first.items.length + added.length > FIRST_PAGE_LIMIT;
  if (known.size === 0 || gap || tooLong) {
    return { pages: { pages: [newest], pageParams: [''] }, fresh };
  }
  const items = [...added, ...first.items].sort(newestFirst);
  return { pages: { ...old, pages: [{ ...first, items }, ...rest] }, fresh };
}

/** Rows that came one by one: between them and the old ones nothing is missing. Null: the list has
 * grown too long and has to start over. */
export function add(old: Pages, rows: Request[]): { pages: Pages; fresh: Set<string> } | null {
  const { added, fresh } = compare(old, rows);
  const [first, ...rest] = old.pages;
  if (added.length === 0 || !first) return { pages: old, fresh };
  if (first.items.length + added.length > FIRST_PAGE_LIMIT) return null;
  // One that is older than all that is here comes with its own page.
  const oldest = rest.length > 0 || first.next_cursor ? first.items.at(-1) : undefined;
  const near = added.filter((row) => !oldest || newestFirst(row, oldest) < 0);
  const items = [...near, ...first.items].sort(newestFirst);
  return { pages: { ...old, pages: [{ ...first, items }, ...rest] }, fresh };
}

function compare(old: Pages, rows: Request[]) {
  const known = new Set(old.pages.flatMap((page) => page.items.map(({ id }) => id)));
  const added = rows.filter(({ id }) => !known.has(id));
  return { known, added, fresh: new Set(added.map(({ id }) => id)) };
}

function newestFirst(a: Request, b: Request): number {
  if (a.created_at !== b.created_at) return a.created_at < b.created_at ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}
