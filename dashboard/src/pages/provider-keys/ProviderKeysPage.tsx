import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { CircleCheck, CirclePause, Plus } from 'lucide-react';
import type { Provider, ProviderKey } from '@/api/client';
import { useChangeProviderKey } from '@/api/providerKeys';
import { providerKeysQuery, providersQuery } from '@/api/queries';
import { Page } from '@/frame/Page';
import { may, useScope } from '@/frame/scope';
import { countExact, date, whenExact } from '@/lib/format';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import { Empty, Failed, FormError } from '@/ui/Notice';
import { Skeleton } from '@/ui/Skeleton';
import { toast } from '@/ui/Toasts';
import { AddDialog } from './AddDialog';
import css from './ProviderKeysPage.module.css';

export default function ProviderKeysPage() {
  const { org } = useScope();
  const { add } = useSearch({ from: '/signed-in/o/$org/provider-keys' });
  const navigate = useNavigate({ from: '/o/$org/provider-keys' });
  const keys = useQuery(providerKeysQuery(org.id));
  const providers = useQuery(providersQuery);
  const mayChange = may(org, 'admin');
  const open = (next: '1' | undefined) =>
    void navigate({ search: (old) => ({ ...old, add: next }), replace: true });
  const failed = [keys, providers].find((query) => query.isError && !query.data);
  const addButton = mayChange && (
    <Button look="primary" onClick={() => open('1')}>
      <Plus size={15} /> Add provider key
    </Button>
  );

  return (
    <Page title="Provider keys">
      <div className={css.bar}>
        <p className={css.lead}>
          Your credentials at the providers. They are sealed when you save them; nobody can read
          them back.
        </p>
        {addButton}
      </div>
      {failed?.error ? (
        <Failed error={failed.error} retry={() => void failed.refetch()} />
      ) : !keys.data || !providers.data ? (
        <Loading />
      ) : keys.data.length === 0 ? (
        <Empty title="No provider key yet" action={addButton}>
          With a key of OpenAI, say, every model of theirs can be called through the gateway, and is
          billed to you by them.
        </Empty>
      ) : (
        <div className={css.groups}>
          {byProvider(keys.data).map(([id, list]) => (
            <ProviderGroup
              key={id}
              id={id}
              provider={providers.data.find((provider) => provider.id === id)}
              keys={list}
              mayChange={mayChange}
            />
          ))}
        </div>
      )}
      {add && mayChange && <AddDialog onClose={() => open(undefined)} />}
    </Page>
  );
}

function byProvider(keys: ProviderKey[]): [string, ProviderKey[]][] {
  const groups = new Map<string, ProviderKey[]>();
  for (const key of keys) groups.set(key.provider, [...(groups.get(key.provider) ?? []), key]);
  return [...groups];
}

function ProviderGroup({
  id,
  provider,
  keys,
  mayChange,
}: {
  id: string;
  provider: Provider | undefined;
  keys: ProviderKey[];
  mayChange: boolean;
}) {
  return (
    <section className={css.group} aria-labelledby={`provider-${id}`}>
      <div className={css.head}>
        <span className={css.letter} aria-hidden="true">
          {(provider?.name ?? id).slice(0, 1).toUpperCase()}
        </span>
        <h2 id={`provider-${id}`}>{provider?.name ?? id}</h2>
        {provider && <span className={css.quiet}>{countExact(provider.models, 'model')}</span>}
        {provider && !provider.usable && (
          <Badge tone="warn">not callable in this version yet</Badge>
        )}
      </div>
      <ul>
        {keys.map((key) => (
          <KeyRow key={key.id} providerKey={key} mayChange={mayChange} />
        ))}
      </ul>
    </section>
  );
}

function KeyRow({ providerKey: key, mayChange }: { providerKey: ProviderKey; mayChange: boolean }) {
  const { org } = useScope();
  const change = useChangeProviderKey(org.id);
  const enabled = !key.disabled_at;
  const name = key.label || `key …${key.last4}`;
  const options = Object.entries(key.options).map(([option, value]) => `${option} ${value}`);
  const onClick = () =>
    change.mutate(
      { id: key.id, etag: key.etag, disabled: enabled },
      { onSuccess: () => toast(`${enabled ? 'Disabled' : 'Enabled'} ${name}`) },
    );
  return (
    <li className={css.row}>
      <div className={css.label}>
        <div className={css.name}>{key.label || 'No label'}</div>
        <div className={css.under}>
          <span className={css.mono}>{key.last4 ? `…${key.last4}` : 'sealed'}</span>
          {options.map((option) => (
            <span key={option}>{option}</span>
          ))}
          {key.base_url && <span className={css.mono}>{key.base_url}</span>}
        </div>
      </div>
      {enabled ? (
        <Badge tone="good">
          <CircleCheck size={12} /> Enabled
        </Badge>
      ) : (
        <Badge>
          <CirclePause size={12} /> Disabled
        </Badge>
      )}
      <span className={css.added} title={whenExact(key.created_at)}>
        Added {date(key.created_at)}
      </span>
      {mayChange && (
        <Button
          size="small"
          onClick={onClick}
          disabled={change.isPending}
          aria-label={`${enabled ? 'Disable' : 'Enable'} ${name}`}
        >
          {enabled ? 'Disable' : 'Enable'}
        </Button>
      )}
      {change.error && (
        <div className={css.error}>
          <FormError error={change.error} />
        </div>
      )}
    </li>
  );
}

function Loading() {
  return (
    <div className={css.groups} aria-busy="true">
      <span className="visually-hidden" role="status">
        Loading
      </span>
      {[2, 1].map((rows) => (
        <div key={rows} className={css.group}>
          <div className={css.head}>
            <Skeleton width={14} />
          </div>
          {Array.from({ length: rows }, (_, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: bars have no names
            <div key={i} className={css.row}>
              <Skeleton width={36} />
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}
