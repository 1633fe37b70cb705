import { useQuery } from '@tanstack/react-query';
import { customProvidersQuery } from '@/api/customProviders';
import { modelsOfProviderQuery, providerKeysQuery, providersQuery } from '@/api/queries';
import { useScope } from '@/frame/scope';

const WITHOUT_PROVIDER = 'gpt-4o-mini';

// What a model for everything can do; specialised ones lack one of these.
const GENERAL = ['tools', 'json_output'];

/**
 * A model that will answer: of the first provider with a usable key, the cheapest of its ten
 * newest general ones; else the first of a server of the organisation's own. Named with its
 * provider, so that the snippet shows which one.
 */
export function useSnippetModel(): string {
  const { org } = useScope();
  const keys = useQuery(providerKeysQuery(org.id));
  const providers = useQuery(providersQuery);
  const usable = keys.data?.find(
    (key) =>
      !key.disabled_at && providers.data?.some(({ id, usable: can }) => can && id === key.provider),
  );
  const own = useQuery(customProvidersQuery(org.id));
  const models = useQuery({
    ...modelsOfProviderQuery(usable?.provider ?? ''),
    enabled: Boolean(usable),
  });
  const newest = (models.data?.items ?? [])
    .filter(({ offers }) =>
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
      its.length > 0 &&
      (n === 0 || keys.data?.some((key) => key.provider === slug && !key.disabled_at)),
  );
  const first = callable?.models[0];
  return callable && first ? `${callable.slug}/${first.id}` : WITHOUT_PROVIDER;
}
