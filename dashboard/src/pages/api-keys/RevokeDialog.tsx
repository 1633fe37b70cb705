import { useQuery } from '@tanstack/react-query';
import type { ApiKey } from '@/api/client';
import { apiKeyImpactQuery } from '@/api/keyRestrictions';
import { useRevokeApiKey } from '@/api/queries';
import { useScope } from '@/frame/scope';
import { ago, countExact, date, money } from '@/lib/format';
import { Confirm } from '@/ui/Confirm';
import { Dialog } from '@/ui/Dialog';
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
  const impact = useQuery(apiKeyImpactQuery(org.id, project, apiKey.id));
  const confirm = () =>
    revoke.mutate(apiKey, {
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
        {impact.isError && (
          <>
            <dt>Of late</dt>
            <dd>could not be read: {impact.error.message}</dd>
          </>
        )}
        {impact.data && (
          <>
            <dt>Last 24 hours</dt>
            <dd>
              {countExact(impact.data.day.requests, 'request')}, {money(impact.data.day.cost)}
            </dd>
            <dt>Last 7 days</dt>
            <dd>
              {countExact(impact.data.week.requests, 'request')}, {money(impact.data.week.cost)}
            </dd>
          </>
        )}
        {impact.data && impact.data.clients.length > 0 && (
          <>
            <dt>Clients</dt>
            <dd>
              {impact.data.clients.slice(0, 5).map((one) => (
                <div key={`${one.user_agent} ${one.source}`} className={css.client}>
                  {one.user_agent || 'no user agent'}
                  {one.source && ` (${one.source})`}: {countExact(one.requests, 'request')},{' '}
                  {ago(one.last_at)}
                </div>
              ))}
              <div className={css.quiet}>
                from {impact.data.recent.addresses} different{' '}
                {impact.data.recent.addresses === 1 ? 'address' : 'addresses'}, in the newest{' '}
                {countExact(impact.data.recent.requests, 'request')}
              </div>
            </dd>
          </>
        )}
        <dt>So far</dt>
        <dd>
          {countExact(apiKey.requests, 'request')}, {money(apiKey.cost)}, since{' '}
          {date(apiKey.created_at)}
        </dd>
      </dl>
      <Confirm
        change={revoke}
        act="Revoke key"
        acting="Revoking…"
        onKeep={onClose}
        onAct={confirm}
      />
    </Dialog>
  );
}
