import type { Provider, ProviderKey } from '@/api/client';
import { useCheckProviderKey } from '@/api/providerKeys';
import { mayWrite, useScope } from '@/frame/scope';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { FormError } from '@/ui/Notice';
import { CheckResult } from './Check';
import { nameOf, providerName } from './names';

/** The last check in full, and another one. */
export function CheckDialog({
  providerKey: key,
  provider,
  onClose,
}: {
  providerKey: ProviderKey;
  provider: Provider | undefined;
  onClose: () => void;
}) {
  const { org } = useScope();
  const check = useCheckProviderKey(org.id);
  const last = check.data ?? key.last_check;
  return (
    <Dialog
      title={`Check “${nameOf(key)}”`}
      description={`Asks ${providerName(provider, key.provider)} whether it takes the secret in use. What is asked costs nothing.`}
      onClose={onClose}
    >
      <div role="status" aria-busy={check.isPending}>
        {check.isPending ? (
          <p>Asking the provider…</p>
        ) : last ? (
          <CheckResult check={last} />
        ) : (
          <p>It has not been checked yet.</p>
        )}
      </div>
      <FormError error={check.error} />
      <DialogActions>
        <Button onClick={onClose}>Close</Button>
        {mayWrite(org, 'admin') && (
          <Button
            look="primary"
            aria-disabled={check.isPending}
            onClick={() => !check.isPending && check.mutate(key)}
          >
            Check now
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}
