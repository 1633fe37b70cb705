import { useQuery } from '@tanstack/react-query';
import {
  type CustomProvider,
  customImpactQuery,
  useDeleteCustomProvider,
} from '@/api/customProviders';
import { useScope } from '@/frame/scope';
import { count, money } from '@/lib/format';
import { Confirm } from '@/ui/Confirm';
import { Dialog } from '@/ui/Dialog';
import { Impact } from '@/ui/Impact';
import { FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';

export function DeleteDialog({
  provider,
  onClose,
}: {
  provider: CustomProvider;
  onClose: () => void;
}) {
  const { org } = useScope();
  const impact = useQuery(customImpactQuery(org.id, provider.id));
  const remove = useDeleteCustomProvider(org.id);
  const confirm = () =>
    remove.mutate(provider, {
      onSuccess: () => {
        toast(`Deleted ${provider.name}`);
        onClose();
      },
    });
  return (
    <Dialog
      title={`Delete “${provider.name}”?`}
      description="Its models answer 404 from the next second, and its provider keys are wiped. What it was asked stays in the log under its name."
      onClose={onClose}
    >
      {impact.data ? (
        <Impact
          facts={[
            ['Last 7 days', `${count(impact.data.requests)} requests, ${money(impact.data.cost)}`],
            [
              'Called by',
              impact.data.by_key
                .slice(0, 5)
                .map(({ name, last4, requests }) => `${name || `…${last4}`} (${count(requests)})`)
                .join(', ') || 'nobody',
            ],
            [
              'Models',
              impact.data.by_model
                .slice(0, 5)
                .map(({ model, requests }) => `${model} (${count(requests)})`)
                .join(', ') || 'none of them was called',
            ],
            ['API keys restricted to it', count(impact.data.restricted_keys)],
            ['Provider keys wiped', count(impact.data.provider_keys)],
          ]}
        />
      ) : impact.isError ? (
        <FormError error={impact.error} />
      ) : (
        <p role="status">Looking at what calls it…</p>
      )}
      <Confirm
        change={remove}
        act="Delete provider"
        acting="Deleting…"
        onKeep={onClose}
        onAct={confirm}
      />
    </Dialog>
  );
}
