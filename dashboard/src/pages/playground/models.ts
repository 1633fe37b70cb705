// The models to choose from, by name alone (the gateway takes the cheapest provider that there is
// a key for) and at each provider that there is a key for, the organisation's or a lent one.
import { useQuery } from '@tanstack/react-query';
import { useKeyless, useKnownModels } from '@/api/customProviders';
import { providerKeysQuery } from '@/api/queries';
import { useScope } from '@/frame/scope';
import type { Option } from '@/ui/Options';

// Offers with one of these answer no chat.
const NO_CHAT = new Set([
  'embeddings',
  'moderations',
  'image_generations',
  'speech_generations',
  'transcriptions',
  'rerank',
  'realtime',
]);

export function useModelOptions(): { options: Option[]; busy: boolean } {
  const { org } = useScope();
  const models = useKnownModels(org.id);
  const keys = useQuery(providerKeysQuery(org.id));
  const mine = new Set([
    ...useKeyless(org.id),
    ...(keys.data ?? []).filter((key) => !key.disabled_at).map(({ provider }) => provider),
  ]);
  const lent = new Set(org.platform_providers.map(({ provider }) => provider));
  const options = (models.data ?? []).flatMap(({ id, name, offers, own }) => {
    const chat = offers.filter(
      ({ usable, capabilities }) => usable && !capabilities.some((one) => NO_CHAT.has(one)),
    );
    const providers = [...new Set(chat.map(({ provider }) => provider))];
    const reached = providers.filter((provider) => mine.has(provider) || lent.has(provider));
    const group = (of: string[]) =>
      of.some((provider) => mine.has(provider))
        ? 'With your provider keys'
        : 'With the platform’s keys';
    if (chat.length === 0) return [];
    const option = (value: string, note: string, group: string): Option => ({
      value,
      label: value,
      note,
      group,
      keywords: name,
    });
    return [
      ...reached.map((provider) => option(own ? id : `${provider}/${id}`, '', group([provider]))),
      ...(reached.length === 0
        ? [option(id, providers.slice(0, 2).join(', '), 'All models: their provider needs a key')]
        : reached.length > 1
          ? [option(id, 'cheapest', group(reached))]
          : []),
    ];
  });
  options.sort((a, b) => (b.group ?? '').localeCompare(a.group ?? ''));
  return { options, busy: models.isPending || keys.isPending };
}
