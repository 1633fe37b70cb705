// The time range of a page as the URL carries it: `range=24h`, or `from` and `to`.

export const RANGES = { '1h': 1, '24h': 24, '7d': 7 * 24, '30d': 30 * 24 } as const;
export type RangeName = keyof typeof RANGES;
export type RangeSearch = { range?: RangeName; from?: string; to?: string };
export type Bounds = { from: string; to?: string };

const HOUR = 3_600_000;
const LABELS: Record<RangeName, string> = {
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
};

export const DEFAULT_RANGE: RangeName = '24h';

/** Takes what is valid from a URL; a range that ends before it begins is none. `usual` is not named. */
export function parseRange(
  search: Record<string, unknown>,
  usual: RangeName = DEFAULT_RANGE,
): RangeSearch {
  const from = instant(search.from);
  const to = instant(search.to);
  if (from && to && from < to) return { from, to };
  const name = String(search.range ?? '');
  return Object.hasOwn(RANGES, name) && name !== usual ? { range: name as RangeName } : {};
}

function instant(value: unknown): string | undefined {
  const at = typeof value === 'string' ? new Date(value) : undefined;
  return at && !Number.isNaN(at.getTime()) ? at.toISOString() : undefined;
}

export function isCustom(search: RangeSearch): search is { from: string; to: string } {
  return Boolean(search.from && search.to);
}

/** Relative ranges have no end, so that what happens now is in them. */
export function bounds(search: RangeSearch, now = Date.now()): Bounds {
  if (isCustom(search)) return { from: search.from, to: search.to };
  const hours = RANGES[search.range ?? DEFAULT_RANGE];
  return { from: new Date(now - hours * HOUR).toISOString() };
}

/** Steps that a chart of usage takes: from 30 hours to two weeks three hours, else as the API chooses. */
export function usageStep({ from, to }: Bounds, now = Date.now()): '3h' | undefined {
  const hours = ((to ? Date.parse(to) : now) - Date.parse(from)) / HOUR;
  return hours > 30 && hours <= 14 * 24 ? '3h' : undefined;
}

export function rangeLabel(search: RangeSearch): string {
  if (!isCustom(search)) return LABELS[search.range ?? DEFAULT_RANGE];
  const format = new Intl.DateTimeFormat('en-US', {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return format.formatRange(new Date(search.from), new Date(search.to));
}

/** Within a sentence. */
export function rangeWords(search: RangeSearch): string {
  return isCustom(search) ? rangeLabel(search) : `the ${rangeLabel(search).toLowerCase()}`;
}

/** For a datetime-local field: local time to the minute. */
export function toLocalField(iso: string): string {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
