import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import {
  type InstanceOrganisation,
  type OrganisationState,
  organisationsQuery,
  useLend,
  useResume,
} from '@/api/instance';
import { Page } from '@/frame/Page';
import { count, countExact, date, money, moneyExact, whenExact } from '@/lib/format';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import cells from '@/ui/Cells.module.css';
import { type Columns, DataTable } from '@/ui/DataTable';
import { inputClass } from '@/ui/Field';
import { Empty, Failed, FormError } from '@/ui/Notice';
import { Segments } from '@/ui/Segments';
import { toast } from '@/ui/Toasts';
import css from './Organisations.module.css';
import { SuspendDialog } from './SuspendDialog';

const STATES: { value: OrganisationState; label: string }[] = [
  { value: 'all', label: 'All' },
  { value: 'active', label: 'Active' },
  { value: 'suspended', label: 'Suspended' },
  { value: 'archived', label: 'Archived' },
];

export default function OrganisationsPage() {
  const search = useSearch({ from: '/signed-in/o/$org/organisations' });
  const navigate = useNavigate({ from: '/o/$org/organisations' });
  const [suspending, setSuspending] = useState<InstanceOrganisation>();
  const { mutate: resume, error: refused } = useResume();
  const { mutate: lend, error: notLent } = useLend();
  const state = search.state ?? 'all';
  const list = useInfiniteQuery(organisationsQuery(search.q ?? '', state));
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items), [list.data]);
  const ways = useMemo(
    () => ({
      onSuspend: setSuspending,
      onResume: ({ id, name }: InstanceOrganisation) =>
        resume(id, { onSuccess: () => toast(`${name} goes on`) }),
      onLend: ({ id, name, platform_keys: lent }: InstanceOrganisation) =>
        lend(
          { id, lend: !lent },
          {
            onSuccess: () =>
              toast(`${name} ${lent ? 'no longer uses' : 'may use'} the platform’s keys`),
          },
        ),
    }),
    [resume, lend],
  );
  const columns = useMemo(() => columnsOf(ways), [ways]);
  const go = (change: Partial<typeof search>) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  return (
    <Page title="Organisations">
      <div className={cells.bar}>
        <input
          type="search"
          className={`${inputClass} ${cells.search}`}
          aria-label="Find an organisation"
          placeholder="Find an organisation"
          value={search.q ?? ''}
          onChange={(event) => go({ q: event.target.value || undefined })}
        />
        <Segments
          label="Which organisations"
          value={state}
          choices={STATES}
          onChange={(value) => go({ state: value === 'all' ? undefined : value })}
        />
      </div>
      <FormError error={refused ?? notLent} />
      {list.isError && !rows ? (
        <Failed error={list.error} retry={() => void list.refetch()} />
      ) : rows?.length === 0 ? (
        <Empty title="No such organisation">
          Organisations of this instance are listed here, whoever made them.
        </Empty>
      ) : (
        <DataTable
          label="Organisations"
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          rowHeight={52}
          cardHeight={96}
          card={(one) => <Card one={one} {...ways} />}
          onEnd={list.hasNextPage && !list.isFetching ? () => void list.fetchNextPage() : undefined}
        />
      )}
      {suspending && (
        <SuspendDialog organisation={suspending} onClose={() => setSuspending(undefined)} />
      )}
    </Page>
  );
}

type Ways = {
  onSuspend: (one: InstanceOrganisation) => void;
  onResume: (one: InstanceOrganisation) => void;
  onLend: (one: InstanceOrganisation) => void;
};

function State({ one }: { one: InstanceOrganisation }) {
  if (one.archived_at) return <Badge>Archived {date(one.archived_at)}</Badge>;
  if (one.suspended_at) {
    return (
      <span title={whenExact(one.suspended_at)}>
        <Badge tone="bad">Suspended</Badge>
      </span>
    );
  }
  if (one.is_operator) return <Badge tone="accent">Operator’s</Badge>;
  return one.platform_keys ? <Badge tone="good">Keys lent</Badge> : null;
}

function Name({ one }: { one: InstanceOrganisation }) {
  return (
    <div className={cells.two}>
      <div className={cells.name}>
        <span>{one.name}</span> <State one={one} />
      </div>
      <div className={cells.under} title={one.suspended_reason || whenExact(one.created_at)}>
        {one.suspended_reason || `since ${date(one.created_at)}`}
      </div>
    </div>
  );
}

/** Whose provider keys it uses: one press, and the gateways know it within a second. */
function Lending({ one, onLend }: { one: InstanceOrganisation } & Pick<Ways, 'onLend'>) {
  if (one.is_operator || one.archived_at) return null;
  const { name, platform_keys: lent } = one;
  return (
    <Button
      size="small"
      onClick={() => onLend(one)}
      aria-label={lent ? `Withdraw keys from ${name}` : `Lend keys to ${name}`}
      title={
        lent
          ? 'Its projects may use the platform’s provider keys, at the operator’s expense'
          : 'Let its projects use the platform’s provider keys, at the operator’s expense and without a limit'
      }
    >
      {lent ? 'Withdraw keys' : 'Lend keys'}
    </Button>
  );
}

function Switch({
  one,
  onSuspend,
  onResume,
}: { one: InstanceOrganisation } & Omit<Ways, 'onLend'>) {
  if (one.is_operator || one.archived_at) return null;
  return one.suspended_at ? (
    <Button size="small" onClick={() => onResume(one)} aria-label={`Resume ${one.name}`}>
      Resume
    </Button>
  ) : (
    <Button size="small" onClick={() => onSuspend(one)} aria-label={`Suspend ${one.name}`}>
      Suspend
    </Button>
  );
}

function Switches({ one, onLend, ...ways }: { one: InstanceOrganisation } & Ways) {
  return (
    <span className={css.switches}>
      <Lending one={one} onLend={onLend} />
      <Switch one={one} {...ways} />
    </span>
  );
}

function columnsOf(ways: Ways): Columns<InstanceOrganisation> {
  const number = (
    id: string,
    header: string,
    drop: number,
    least: number,
    cell: (one: InstanceOrganisation) => React.ReactNode,
  ): Columns<InstanceOrganisation>[number] => ({
    id,
    header,
    meta: { width: `minmax(${least}px, 124px)`, align: 'end', drop },
    cell: ({ row: { original } }) => cell(original),
  });
  return [
    {
      id: 'name',
      header: 'Name',
      meta: { width: 'minmax(220px, 2fr)' },
      cell: ({ row: { original } }) => <Name one={original} />,
    },
    number('members', 'Members', 2, 80, (one) => count(one.members)),
    number('keys', 'API keys', 1, 80, (one) => count(one.api_keys)),
    number('requests', 'Requests, 30 d', 0, 108, (one) => (
      <span title={countExact(one.requests, 'request')}>{count(one.requests)}</span>
    )),
    number('spend', 'Spend, 30 d', 0, 124, (one) => (
      <span title={moneyExact(one.cost)}>{money(one.cost)}</span>
    )),
    {
      id: 'actions',
      header: () => <span className="visually-hidden">Actions</span>,
      meta: { width: '216px', align: 'end' },
      cell: ({ row: { original } }) => <Switches one={original} {...ways} />,
    },
  ];
}

function Card({ one, ...ways }: { one: InstanceOrganisation } & Ways) {
  return (
    <div className={css.card}>
      <div className={cells.two}>
        <Name one={one} />
        <div className={css.facts}>
          <span>{countExact(one.members, 'member')}</span>
          <span>{count(one.requests)} requests</span>
          <span>{money(one.cost)}</span>
        </div>
      </div>
      <Switches one={one} {...ways} />
    </div>
  );
}
