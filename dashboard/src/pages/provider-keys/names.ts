import type { Provider, ProviderKey } from '@/api/client';

/** How a key is spoken of. */
export const nameOf = (key: ProviderKey) =>
  key.label || (key.last4 ? `key …${key.last4}` : 'key without a label');

/**
 * The models of a provider that no other working key of it serves: what goes with this one.
 * `offered` is all that the provider has.
 */
export function onlyServedBy(key: ProviderKey, others: ProviderKey[], offered: string[]): string[] {
  const serving = others.filter((one) => one.id !== key.id && !one.disabled_at);
  if (key.disabled_at || serving.some(({ models }) => models.length === 0)) return [];
  const served = new Set(serving.flatMap(({ models }) => models));
  return (key.models.length ? key.models : offered).filter((id) => !served.has(id));
}

export const providerName = (provider: Provider | undefined, id: string) => provider?.name ?? id;
