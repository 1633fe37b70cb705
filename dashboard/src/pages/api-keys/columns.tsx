import { Link } from '@tanstack/react-router';
import { Ban, CirclePause, CirclePlay, Ellipsis, FileKey2, Pencil, RefreshCw } from 'lucide-react';
import type { ApiKey } from '@/api/client';
import { ago, count, countExact, date, money, moneyExact, NONE, whenExact } from '@/lib/format';
import { Badge } from '@/ui/Badge';
import { IconButton } from '@/ui/Button';
import { aboveLink, type Columns, rowLink } from '@/ui/DataTable';
import { Menu, MenuItem } from '@/ui/Menu';
import css from './ApiKeysPage.module.css';
import { RestrictionChips } from './RestrictionFields';

type Ways = {
  org: string;
  project: string;
  /** Whether any key may be changed: else there is no room for ways to. */
  mayAct: boolean;
  /** Only revoked, else. */
  mayWrite: boolean;
  mayChange: (key: ApiKey) => boolean;
  onAws: (key: ApiKey) => void;
  onRevoke: (key: ApiKey) => void;
  onEdit: (key: ApiKey) => void;
  onRotate: (key: ApiKey) => void;
  onSwitch: (key: ApiKey) => void;
};

/** A key's name; leads to its requests. */
function KeyLink({ apiKey, org, project }: { apiKey: ApiKey; org: string; project: string }) {
  return (
    <Link
      to="/o/$org/activity"
      params={{ org }}
      search={{ project, key: apiKey.id, range: '30d' }}
      className={rowLink}
      title={`Requests of ${apiKey.name}`}
    >
      {apiKey.name}
    </Link>
  );
}

export function KeyState({ apiKey }: { apiKey: ApiKey }) {
  if (apiKey.revoked_at) return <Badge tone="bad">Revoked</Badge>;
  if (apiKey.disabled_at) return <Badge>Disabled</Badge>;
  if (!apiKey.expires_at) return <Rotating apiKey={apiKey} />;
  const left = new Date(apiKey.expires_at).getTime() - Date.now();
  if (left <= 0) return <Badge tone="bad">Expired</Badge>;
  if (left < 7 * 86_400_000) return <Badge tone="warn">Expires {ago(apiKey.expires_at)}</Badge>;
  return <Rotating apiKey={apiKey} />;
}

/** Between two secrets: the old one still works. */
function Rotating({ apiKey: { previous_works_until: until } }: { apiKey: ApiKey }) {
  if (!until) return null;
  return (
    <span title={`The old secret works until ${whenExact(until)}`}>
      <Badge tone="accent">Old secret ends {ago(until)}</Badge>
    </span>
  );
}

function When({ at, none }: { at: string | null; none: string }) {
  if (!at) return <span className={css.quiet}>{none}</span>;
  return <span title={whenExact(at)}>{ago(at)}</span>;
}

function Actions({
  apiKey,
  mayWrite,
  onAws,
  onRevoke,
  onEdit,
  onRotate,
  onSwitch,
}: { apiKey: ApiKey } & Pick<
  Ways,
  'mayWrite' | 'onAws' | 'onRevoke' | 'onEdit' | 'onRotate' | 'onSwitch'
>) {
  const off = Boolean(apiKey.disabled_at);
  return (
    <span className={`${aboveLink} ${css.actions}`}>
      {mayWrite && (
        <IconButton
          label={`AWS credentials of ${apiKey.name}`}
          size="small"
          onClick={() => onAws(apiKey)}
        >
          <FileKey2 size={15} />
        </IconButton>
      )}
      <IconButton label={`Revoke ${apiKey.name}`} size="small" onClick={() => onRevoke(apiKey)}>
        <Ban size={15} />
      </IconButton>
      {mayWrite && (
        <Menu
          trigger={
            <IconButton label={`More for ${apiKey.name}`} size="small">
              <Ellipsis size={15} />
            </IconButton>
          }
        >
          <MenuItem onSelect={() => onEdit(apiKey)}>
            <Pencil size={15} /> Edit
          </MenuItem>
          <MenuItem onSelect={() => onRotate(apiKey)}>
            <RefreshCw size={15} /> Rotate secret
          </MenuItem>
          <MenuItem onSelect={() => onSwitch(apiKey)}>
            {off ? <CirclePlay size={15} /> : <CirclePause size={15} />}{' '}
            {off ? 'Enable' : 'Disable'}
          </MenuItem>
        </Menu>
      )}
    </span>
  );
}

export function keyColumns({ org, project, mayAct, mayChange, ...ways }: Ways): Columns<ApiKey> {
  const columns: Columns<ApiKey> = [
    {
      id: 'name',
      accessorFn: (key) => key.name.toLowerCase(),
      header: 'Name',
      meta: { width: 'minmax(200px, 2fr)' },
      cell: ({ row: { original: key } }) => (
        <div className={css.two}>
          <div className={css.name} dir="auto">
            <KeyLink apiKey={key} org={org} project={project} /> <KeyState apiKey={key} />
          </div>
          <div className={css.under}>
            <span className={css.mono}>sk-doteb-…{key.last4}</span>
            <RestrictionChips apiKey={key} />
          </div>
        </div>
      ),
    },
    {
      id: 'owner',
      accessorFn: (key) => key.owner.name || key.owner.email,
      header: 'Owner',
      meta: { width: 'minmax(120px, 1fr)', drop: 2, words: true },
      cell: ({ row: { original: key } }) => (
        <span title={key.owner.email}>{key.owner.name || key.owner.email}</span>
      ),
    },
    {
      id: 'created',
      accessorFn: (key) => key.created_at,
      header: 'Created',
      meta: { width: '120px', drop: 4 },
      cell: ({ row: { original: key } }) => (
        <span title={whenExact(key.created_at)}>{date(key.created_at)}</span>
      ),
    },
    {
      id: 'used',
      accessorFn: (key) => key.last_used_at ?? '',
      header: 'Last used',
      meta: { width: '120px', drop: 1 },
      cell: ({ row: { original: key } }) => <When at={key.last_used_at} none="never" />,
    },
    {
      id: 'expires',
      accessorFn: (key) => key.expires_at ?? '9999',
      header: 'Expires',
      meta: { width: '120px', drop: 3 },
      cell: ({ row: { original: key } }) =>
        key.expires_at ? (
          <span title={whenExact(key.expires_at)}>{date(key.expires_at)}</span>
        ) : (
          <span className={css.quiet}>never</span>
        ),
    },
    {
      id: 'requests',
      accessorFn: (key) => key.requests,
      header: 'Requests',
      meta: { width: '96px', align: 'end' },
      cell: ({ row: { original: key } }) => (
        <span title={countExact(key.requests, 'request')}>{count(key.requests)}</span>
      ),
    },
    {
      id: 'cost',
      accessorFn: (key) => Number(key.cost),
      header: 'Spend',
      meta: { width: '124px', align: 'end' },
      cell: ({ row: { original: key } }) => (
        <span title={moneyExact(key.cost)}>{money(key.cost)}</span>
      ),
    },
    {
      id: 'actions',
      header: () => <span className="visually-hidden">Actions</span>,
      enableSorting: false,
      meta: { width: '112px', align: 'end', skeleton: 0 },
      cell: ({ row: { original: key } }) =>
        !key.revoked_at && mayChange(key) && <Actions apiKey={key} {...ways} />,
    },
  ];
  return mayAct ? columns : columns.slice(0, -1);
}

export function KeyCard({
  apiKey: key,
  org,
  project,
  mayChange,
  ...ways
}: { apiKey: ApiKey } & Ways) {
  return (
    <div className={css.card}>
      <div className={css.name} dir="auto">
        <KeyLink apiKey={key} org={org} project={project} />
      </div>
      {mayChange(key) && !key.revoked_at ? <Actions apiKey={key} {...ways} /> : <span />}
      <div className={css.under}>
        <span className={css.mono}>…{key.last4}</span> · used{' '}
        {key.last_used_at ? ago(key.last_used_at) : 'never'} <KeyState apiKey={key} />
        <RestrictionChips apiKey={key} />
      </div>
      <div className={css.facts}>
        <span>{countExact(key.requests, 'request')}</span>
        <span title={moneyExact(key.cost)}>{key.requests ? money(key.cost) : NONE}</span>
      </div>
    </div>
  );
}
