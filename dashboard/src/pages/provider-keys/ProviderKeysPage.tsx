import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { ProviderKey } from '@/api/client';
import { useKnownProviders } from '@/api/customProviders';
import { providerKeysQuery } from '@/api/queries';
import { Page, TITLE_ID } from '@/frame/Page';
import { mayWrite, useScope } from '@/frame/scope';
import { listed } from '@/lib/format';
import { newest } from '@/lib/newest';
import { Button } from '@/ui/Button';
import { Empty, Failed } from '@/ui/Notice';
import { Skeleton } from '@/ui/Skeleton';
import { AddDialog } from './AddDialog';
import { CheckDialog } from './CheckDialog';
import { DeleteDialog } from './DeleteDialog';
import { EditDialog } from './EditDialog';
import { moreId, type Open } from './KeyRow';
import { providerName } from './names';
import { ProviderGroup } from './ProviderGroup';
import css from './ProviderKeysPage.module.css';
import { RotateDialog } from './RotateDialog';

const DIALOGS = {
  check: CheckDialog,
  edit: EditDialog,
  rotate: RotateDialog,
  delete: DeleteDialog,
};

export default function ProviderKeysPage() {
  const { org } = useScope();
  const { add } = useSearch({ from: '/signed-in/o/$org/provider-keys' });
  const navigate = useNavigate({ from: '/o/$org/provider-keys' });
  // States and traffic move by themselves.
  const keys = useQuery({ ...providerKeysQuery(org.id), refetchInterval: 30_000 });
  const providers = useKnownProviders(org.id);
  const [opened, setOpened] = useState<{ what: Open; key: ProviderKey; heir: string }>();
  const gone = useFocusAfter(keys.data);
  const mayChange = mayWrite(org, 'admin');
  const open = (next: '1' | undefined) =>
    void navigate({ search: (old) => ({ ...old, add: next }), replace: true });
  const failed = [keys, providers].find((query) => query.isError && !query.data);
  const Opened = opened && DIALOGS[opened.what];
  const key = newest(keys.data, opened?.key);
  const lent = org.platform_providers.map(({ provider }) =>
    providerName(
      providers.data?.find(({ id }) => id === provider),
      provider,
    ),
  );
  const addButton = mayChange && (
    <Button look="primary" onClick={() => open('1')}>
      <Plus size={15} /> Add provider key
    </Button>
  );

  return (
    <Page title="Provider keys">
      <div className={css.bar}>
        <p className={css.lead}>
          Your credentials at the providers, in the order in which they are tried. They are sealed
          when you save them; nobody can read them back. Traffic and spend are those of the last 24
          hours. A server of your own is added under{' '}
          <Link to="/o/$org/custom-providers" params={{ org: org.id }}>
            Custom providers
          </Link>
          .
        </p>
        {keys.data?.length !== 0 && addButton}
      </div>
      {failed?.error ? (
        <Failed error={failed.error} retry={() => void failed.refetch()} />
      ) : !keys.data || !providers.data ? (
        <Loading />
      ) : keys.data.length === 0 ? (
        <Empty title="No provider key yet" action={addButton}>
          {lent.length > 0
            ? `The operator lends this organisation the platform’s keys: the models of ${listed(lent)} work already. Keys of your own come first, and are billed to you by the provider.`
            : 'With a key of OpenAI, say, every model of theirs can be called through the gateway, and is billed to you by them.'}
        </Empty>
      ) : (
        <div className={css.groups}>
          {byProvider(keys.data).map(([id, list]) => (
            <ProviderGroup
              key={id}
              id={id}
              provider={providers.data?.find((provider) => provider.id === id)}
              keys={list}
              mayChange={mayChange}
              onOpen={(what, key) => setOpened({ what, key, heir: heirOf(key, keys.data ?? []) })}
            />
          ))}
        </div>
      )}
      {add && mayChange && <AddDialog onClose={() => open(undefined)} />}
      {Opened && key && (
        <Opened
          providerKey={key}
          provider={providers.data?.find(({ id }) => id === key.provider)}
          keys={keys.data?.filter(({ provider }) => provider === key.provider) ?? []}
          onClose={() => setOpened(undefined)}
          onDeleted={() => {
            gone.current = { id: key.id, heir: opened.heir };
            setOpened(undefined);
          }}
        />
      )}
    </Page>
  );
}

/** When a key has gone: its place is taken by the next on the page, else the one before, else the title. */
function useFocusAfter(keys: ProviderKey[] | undefined) {
  const gone = useRef<{ id: string; heir: string }>(undefined);
  useEffect(() => {
    const { id, heir } = gone.current ?? {};
    if (!id || !heir || keys?.some((key) => key.id === id)) return;
    gone.current = undefined;
    (document.getElementById(heir) ?? document.getElementById(TITLE_ID))?.focus();
  });
  return gone;
}

const heirOf = (key: ProviderKey, keys: ProviderKey[]) => {
  const rows = byProvider(keys).flatMap(([, list]) => list);
  const at = rows.findIndex(({ id }) => id === key.id);
  const heir = rows[at + 1] ?? rows[at - 1];
  return heir ? moreId(heir) : TITLE_ID;
};

function byProvider(keys: ProviderKey[]): [string, ProviderKey[]][] {
  const groups = new Map<string, ProviderKey[]>();
  for (const key of keys) groups.set(key.provider, [...(groups.get(key.provider) ?? []), key]);
  return [...groups];
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
