import { describe, expect, test } from 'vitest';
import type { Request, RequestList } from '@/api/client';
import { add, FIRST_PAGE_LIMIT, merge, type Pages } from './merge';

// Rows stand for the second they began in.
const page = (seconds: number[], next_cursor: string | null = null): RequestList => ({
  items: seconds.map((s) => {
    const created_at = new Date(s * 1000).toISOString();
    return { id: `id-${String(s).padStart(6, '0')}`, created_at } as Request;
  }),
  next_cursor,
});
const pages = (...list: RequestList[]): Pages => ({
  pages: list,
  pageParams: list.map((_, i) => (i ? `c${i}` : '')),
});
const seconds = ({ pages: all }: Pages) =>
  all.flatMap(({ items }) => items.map(({ created_at }) => Date.parse(created_at) / 1000));

describe('merge', () => {
  test('nothing new leaves the very same pages', () => {
    const old = pages(page([3, 2, 1]));
    expect(merge(old, page([3, 2, 1])).pages).toBe(old);
  });

  test('new rows come first, and are named', () => {
    const { pages: all, fresh } = merge(pages(page([3, 2], 'c1'), page([1])), page([5, 4, 3]));
    expect(seconds(all)).toEqual([5, 4, 3, 2, 1]);
    expect(fresh).toEqual(new Set(['id-000005', 'id-000004']));
    expect(all.pages[0]?.next_cursor).toBe('c1');
  });

  test('a row that was written late is sorted in', () => {
    const { pages: all, fresh } = merge(pages(page([5, 3])), page([5, 4, 3]));
    expect(seconds(all)).toEqual([5, 4, 3]);
    expect([...fresh]).toEqual(['id-000004']);
  });

  test('a possible gap starts the list over', () => {
    const newest = page([9, 8], 'c9');
    const { pages: all } = merge(pages(page([3, 2], 'c1'), page([1])), newest);
    expect(all).toEqual({ pages: [newest], pageParams: [''] });
  });

  test('the first rows of an empty list', () => {
    expect(seconds(merge(pages(page([])), page([2, 1])).pages)).toEqual([2, 1]);
  });

  test('a live list does not grow for ever', () => {
    const many = Array.from({ length: FIRST_PAGE_LIMIT }, (_, i) => FIRST_PAGE_LIMIT - i);
    const newest = page([FIRST_PAGE_LIMIT + 1, FIRST_PAGE_LIMIT], 'c');
    expect(merge(pages(page(many, 'c1')), newest).pages.pages).toEqual([newest]);
  });
});

describe('add', () => {
  test('new rows come first, late ones are sorted in, known ones are not doubled', () => {
    const old = pages(page([5, 3], 'c1'), page([1]));
    const added = add(old, page([4, 5, 6]).items);
    expect(added && seconds(added.pages)).toEqual([6, 5, 4, 3, 1]);
    expect(added?.fresh).toEqual(new Set(['id-000004', 'id-000006']));
    expect(add(old, page([5]).items)?.pages).toBe(old);
  });

  test('none of them old is no gap', () => {
    expect(seconds((add(pages(page([1])), page([9, 8]).items) as { pages: Pages }).pages)).toEqual([
      9, 8, 1,
    ]);
  });

  test('one that belongs to a page not read yet is left to that page', () => {
    const old = pages(page([5, 4], 'c1'));
    expect(seconds((add(old, page([2]).items) as { pages: Pages }).pages)).toEqual([5, 4]);
    const whole = pages(page([5, 4]));
    expect(seconds((add(whole, page([2]).items) as { pages: Pages }).pages)).toEqual([5, 4, 2]);
  });

  test('a list that grew too long starts over', () => {
    const many = Array.from({ length: FIRST_PAGE_LIMIT }, (_, i) => FIRST_PAGE_LIMIT - i);
    expect(add(pages(page(many, 'c1')), page([FIRST_PAGE_LIMIT + 1]).items)).toBeNull();
  });
});
