import { useQuery } from '@tanstack/react-query';
import type { ProjectMode } from '@/api/client';
import { customProvidersQuery } from '@/api/customProviders';
import { modelsOfProviderQuery, providerKeysQuery, providersQuery } from '@/api/queries';
import { useScope } from '@/frame/scope';
import { usesOwn, usesPlatform } from '@/lib/credentials';

const WITHOUT_PROVIDER = 'gpt-4o-mini';

// What a model for everything can do; specialised ones lack one of these.
const GENERAL = ['tools', 'json_output'];

/**
 * A model that will answer in a project of that mode: of the first provider with a usable key, own
 * ones before lent ones, the cheapest of its ten newest general ones that the key may serve; else
 * the first of a server of the organisation's own. Named with its provider, so that the snippet
 * shows which one.
 */
export function useSnippetModel(mode: ProjectMode = 'hybrid'): string {
  const { org } = useScope();
  const keys = useQuery(providerKeysQuery(org.id));
  const providers = useQuery(providersQuery);
  const mine = (usesOwn(org, mode) && keys.data?.filter((key) => !key.disabled_at)) || [];
  const lent = usesPlatform(org, mode) ? org.platform_providers : [];
  const usable = [...mine, ...lent].find(({ provider }) =>
    providers.data?.some(({ id, usable: can }) => can && id === provider),
  );
  const own = useQuery(customProvidersQuery(org.id));
  const models = useQuery({
    ...modelsOfProviderQuery(usable?.provider ?? ''),
    enabled: Boolean(usable),
  });
  const newest = (models.data?.items ?? [])
    .filter(
      ({ id, offers }) =>
        (!usable?.models.length || usable.models.includes(id)) &&
        offers.some(
          ({ usable: can, capabilities }) =>
            can && GENERAL.every((one) => capabilities.includes(one)),
        ),
    )
    .sort((a, b) => (b.released_at ?? '').localeCompare(a.released_at ?? ''))
    .slice(0, 10);
  const price = (model: (typeof newest)[number]) =>
    Number(model.offers[0]?.price.output ?? Number.POSITIVE_INFINITY);
  const best = newest.sort((a, b) => price(a) - price(b))[0];
  if (best && usable) return `${usable.provider}/${best.id}`;
  // Without any key the server asks for none; disabled ones are no leave to call it.
  const callable = own.data?.find(
    ({ slug, provider_keys: n, models: its }) =>
      usesOwn(org, mode) &&
      its.length > 0 &&
      (n === 0 || mine.some((key) => key.provider === slug)),
  );
  const first = callable?.models[0];
  return callable && first ? `${callable.slug}/${first.id}` : WITHOUT_PROVIDER;
}
