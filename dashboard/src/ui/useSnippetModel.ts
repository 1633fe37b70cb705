import { useQuery } from '@tanstack/react-query';
import { modelsOfProviderQuery, providerKeysQuery, providersQuery } from '@/api/queries';
import { useScope } from '@/frame/scope';

const WITHOUT_PROVIDER = 'gpt-4o-mini';

// What a model for everything can do; specialised ones lack one of these.
const GENERAL = ['tools', 'json_output'];

/**
 * A model that will answer: of the first provider with a usable key, the cheapest of its ten
 * newest general ones. Named with its provider, so that the snippet shows which one.
 */
export function useSnippetModel(): string {
  const { org } = useScope();
  const keys = useQuery(providerKeysQuery(org.id));
  const providers = useQuery(providersQuery);
  const usable = keys.data?.find(
    (key) =>
      !key.disabled_at && providers.data?.some(({ id, usable: can }) => can && id === key.provider),
  );
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
  return best && usable ? `${usable.provider}/${best.id}` : WITHOUT_PROVIDER;
}
