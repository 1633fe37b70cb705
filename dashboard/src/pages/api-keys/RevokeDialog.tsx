import type { ApiKey } from '@/api/client';
import { useRevokeApiKey } from '@/api/queries';
import { useScope } from '@/frame/scope';
import { ago, countExact, date, moneyExact } from '@/lib/format';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import css from './ApiKeysPage.module.css';

/** Says what revoking breaks before it is done. */
export function RevokeDialog({
  project,
  apiKey,
  onClose,
}: {
  project: string;
  apiKey: ApiKey;
  onClose: () => void;
}) {
  const { org } = useScope();
  const revoke = useRevokeApiKey(org.id, project);
  const confirm = () =>
    revoke.mutate(apiKey.id, {
      onSuccess: () => {
        toast(`Revoked ${apiKey.name}`);
        onClose();
      },
    });
  return (
    <Dialog
      title={`Revoke “${apiKey.name}”?`}
      description="Within a second every request with this key is refused with 401. This cannot be undone; what it did stays in Activity."
      onClose={onClose}
    >
      <dl className={css.impact}>
        <dt>Key</dt>
        <dd className={css.mono}>sk-doteb-…{apiKey.last4}</dd>
        <dt>Last used</dt>
        <dd>{apiKey.last_used_at ? ago(apiKey.last_used_at) : 'never'}</dd>
        <dt>So far</dt>
        <dd>
          {countExact(apiKey.requests, 'request')}, {moneyExact(apiKey.cost)}, since{' '}
          {date(apiKey.created_at)}
        </dd>
      </dl>
      <FormError error={revoke.error} />
      <DialogActions>
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" onClick={confirm} disabled={revoke.isPending}>
          {revoke.isPending ? 'Revoking…' : 'Revoke key'}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
