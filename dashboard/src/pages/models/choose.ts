// Which models the page shows, and in which order.
import type { Model } from '@/api/analytics';

export const SORTS = [
  { value: 'used', label: 'Most used' },
  { value: 'newest', label: 'Newest' },
  { value: 'price', label: 'Lowest input price' },
  { value: 'context', label: 'Longest context' },
  { value: 'name', label: 'Name' },
] as const;
export type Sort = (typeof SORTS)[number]['value'];

export type Wanted = {
  q: string;
  provider: string | undefined;
  capability: string | undefined;
  /** Providers that can be called; undefined: any. */
  callable: ReadonlySet<string> | undefined;
  sort: Sort;
  /** Requests of the offer in the last day. */
  requests: (model: string, provider: string) => number;
};

/** Models with the offers that fit; each word of the search must be in the name or the id. */
export function choose(models: Model[], wanted: Wanted): Model[] {
  const words = wanted.q.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = models.flatMap((model) => {
    const text = `${model.id} ${model.name}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) return [];
    const offers = model.offers.filter(
      ({ provider, capabilities, usable }) =>
        (!wanted.provider || provider === wanted.provider) &&
        (!wanted.capability || capabilities.includes(wanted.capability)) &&
        (!wanted.callable || (usable && wanted.callable.has(provider))),
    );
    return offers.length ? [{ ...model, offers }] : [];
  });
  const measures: Record<Sort, (model: Model) => number> = {
    used: ({ id, offers }) =>
      -offers.reduce((sum, { provider }) => sum + wanted.requests(id, provider), 0),
    newest: ({ released_at }) => -Date.parse(released_at ?? '1970-01-01'),
    price: ({ offers }) =>
      Math.min(...offers.map(({ price }) => Number(price.input ?? Number.POSITIVE_INFINITY))),
    context: ({ offers }) => -Math.max(...offers.map(({ context }) => context ?? 0)),
    name: () => 0,
  };
  const measure = measures[wanted.sort];
  return fits
    .map((model) => [measure(model), model] as const)
    .sort(([a, one], [b, other]) => (a === b ? one.name.localeCompare(other.name) : a < b ? -1 : 1))
    .map(([, model]) => model);
}
