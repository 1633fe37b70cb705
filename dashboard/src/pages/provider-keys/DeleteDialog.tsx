import { TriangleAlert } from 'lucide-react';
import type { Provider, ProviderKey } from '@/api/client';
import { useDeleteProviderKey } from '@/api/providerKeys';
import { useScope } from '@/frame/scope';
import { countExact, date, money, share } from '@/lib/format';
import { Confirm } from '@/ui/Confirm';
import { Dialog } from '@/ui/Dialog';
import { Impact } from '@/ui/Impact';
import { toast } from '@/ui/Toasts';
import css from './dialogs.module.css';
import { useOffered } from './Fields';
import { nameOf, onlyServedBy, providerName } from './names';

/** Says what deleting breaks before it is done. */
export function DeleteDialog({
  providerKey: key,
  provider,
  keys,
  onClose,
  onDeleted,
}: {
  providerKey: ProviderKey;
  provider: Provider | undefined;
  /** All of the provider. */
  keys: ProviderKey[];
  onClose: () => void;
  onDeleted: () => void;
}) {
  const { org } = useScope();
  const remove = useDeleteProviderKey(org.id);
  const name = nameOf(key);
  const { requests, share: part, cost } = key.traffic;
  const confirm = () =>
    remove.mutate(key, {
      onSuccess: () => {
        toast(`Deleted ${name}`);
        onDeleted();
      },
    });
  return (
    <Dialog
      title={`Delete “${name}”?`}
      description="Its sealed secret goes with it, and within a second no request uses it. This cannot be undone; what it did stays in Activity."
      onClose={onClose}
    >
      <Breaks providerKey={key} provider={provider} keys={keys} />
      <Impact
        facts={[
          ['Provider', providerName(provider, key.provider)],
          [
            'Last 24 hours',
            requests ? `${countExact(requests, 'request')}, ${money(cost)}` : 'not used',
          ],
          ...(requests
            ? ([['Share', `${share(part, 1)} of the provider’s traffic`]] as [string, string][])
            : []),
          ['Added', date(key.created_at)],
        ]}
      />
      <Confirm
        change={remove}
        act="Delete key"
        acting="Deleting…"
        onKeep={onClose}
        onAct={confirm}
      />
    </Dialog>
  );
}

function Breaks({
  providerKey: key,
  provider,
  keys,
}: {
  providerKey: ProviderKey;
  provider: Provider | undefined;
  keys: ProviderKey[];
}) {
  const { offered } = useOffered(key.provider);
  const name = providerName(provider, key.provider);
  if (key.disabled_at)
    return <p className={css.note}>It is disabled: nothing depends on it now.</p>;
  if (!keys.some((one) => one.id !== key.id && !one.disabled_at)) {
    return (
      <p className={css.warn}>
        <TriangleAlert size={15} />
        <span>
          It is the last working key of {name}: with your own keys none of its models can be called
          any more.
        </span>
      </p>
    );
  }
  const gone = onlyServedBy(key, keys, offered ?? []);
  if (gone.length === 0) {
    return <p className={css.note}>The other keys of {name} take over what it does.</p>;
  }
  return (
    <p className={css.warn}>
      <TriangleAlert size={15} />
      <span>
        No other key serves {gone.slice(0, 5).join(', ')}
        {gone.length > 5 && ` and ${gone.length - 5} more`}: with your own keys{' '}
        {gone.length === 1 ? 'it' : 'they'} cannot be called any more.
      </span>
    </p>
  );
}
