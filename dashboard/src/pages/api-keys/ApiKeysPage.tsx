import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { SortingState } from '@tanstack/react-table';
import { Plus } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { ApiKey } from '@/api/client';
import { type ApiKeyStatus, apiKeysQuery, useChangeApiKey } from '@/api/queries';
import { Page } from '@/frame/Page';
import { ScopePicker } from '@/frame/ScopePicker';
import { may, mayWrite, useScope } from '@/frame/scope';
import { newest } from '@/lib/newest';
import { Button } from '@/ui/Button';
import { DataTable } from '@/ui/DataTable';
import { Empty, Failed, FormError } from '@/ui/Notice';
import { Segments } from '@/ui/Segments';
import { toast } from '@/ui/Toasts';
import css from './ApiKeysPage.module.css';
import { AwsDialog } from './AwsDialog';
import { CreateDialog } from './CreateDialog';
import { KeyCard, keyColumns } from './columns';
import { EditDialog } from './EditDialog';
import { RevokeDialog } from './RevokeDialog';
import { RotateDialog } from './RotateDialog';

const STATUSES: { value: ApiKeyStatus; label: string }[] = [
  { value: 'active', label: 'Active' },
  { value: 'revoked', label: 'Revoked' },
  { value: 'all', label: 'All' },
];

export default function ApiKeysPage() {
  const { org, project: chosen } = useScope();
  const project = chosen ?? org.projects[0];
  if (!project) {
    return (
      <Page title="API keys">
        <Empty title="No project">An API key belongs to a project, and there is none yet.</Empty>
      </Page>
    );
  }
  return (
    <Page title="API keys" tools={<ScopePicker />}>
      <Keys key={project.id} project={project.id} projectName={project.name} />
    </Page>
  );
}

function Keys({ project, projectName }: { project: string; projectName: string }) {
  const { org, session } = useScope();
  const search = useSearch({ from: '/signed-in/o/$org/api-keys' });
  const navigate = useNavigate({ from: '/o/$org/api-keys' });
  const [revoking, setRevoking] = useState<ApiKey>();
  const [aws, setAws] = useState<ApiKey>();
  const [editing, setEditing] = useState<ApiKey>();
  const [rotating, setRotating] = useState<ApiKey>();
  const { mutate: change, error: refused } = useChangeApiKey(org.id, project);
  const status = search.status ?? 'active';
  const keys = useInfiniteQuery(apiKeysQuery(org.id, project, status));
  const rows = useMemo(() => keys.data?.pages.flatMap((page) => page.items), [keys.data]);
  const edited = newest(rows, editing);
  const rotated = newest(rows, rotating);
  const leaving = newest(rows, revoking);

  const go = (change: Partial<typeof search>) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const create = () => go({ create: '1' });

  const ways = useMemo(
    () => ({
      org: org.id,
      project,
      mayAct: may(org, 'developer'),
      mayWrite: mayWrite(org, 'developer'),
      mayChange: (key: ApiKey) =>
        may(org, 'admin') || (may(org, 'developer') && key.owner.id === session.user.id),
      onAws: setAws,
      onRevoke: setRevoking,
      onEdit: setEditing,
      onRotate: setRotating,
      onSwitch: ({ id, etag, name, disabled_at }: ApiKey) =>
        change(
          { id, etag, disabled: !disabled_at },
          { onSuccess: () => toast(`${disabled_at ? 'Enabled' : 'Disabled'} ${name}`) },
        ),
    }),
    [org, project, session.user.id, change],
  );
  const columns = useMemo(() => keyColumns(ways), [ways]);
  const addButton = mayWrite(org, 'developer') && (
    <Button look="primary" onClick={create}>
      <Plus size={15} /> Create API key
    </Button>
  );

  return (
    <>
      <div className={css.bar}>
        <Segments
          label="Which keys"
          value={status}
          choices={STATUSES}
          onChange={(value) => go({ status: value === 'active' ? undefined : value })}
        />
        {(rows?.length !== 0 || status !== 'active') && addButton}
      </div>
      <FormError error={refused} />
      {keys.isError && !rows ? (
        <Failed error={keys.error} retry={() => void keys.refetch()} />
      ) : rows?.length === 0 ? (
        <Empty title={EMPTY[status].title} action={status === 'active' && addButton}>
          {EMPTY[status].text}
        </Empty>
      ) : (
        <DataTable
          label={`API keys of ${projectName}`}
          columns={columns}
          rows={rows}
          rowKey={(key) => key.id}
          rowHeight={52}
          cardHeight={96}
          card={(key) => <KeyCard apiKey={key} {...ways} />}
          onEnd={keys.hasNextPage && !keys.isFetching ? () => void keys.fetchNextPage() : undefined}
          // What is not all here cannot be put in order here.
          {...(!keys.hasNextPage && {
            sorting: parseSort(search.sort),
            onSort: (sorting: SortingState) => go({ sort: writeSort(sorting) }),
          })}
        />
      )}
      {search.create && mayWrite(org, 'developer') && (
        <CreateDialog
          project={project}
          projectName={projectName}
          onClose={() => go({ create: undefined })}
        />
      )}
      {aws && <AwsDialog project={project} apiKey={aws} onClose={() => setAws(undefined)} />}
      {edited && (
        <EditDialog project={project} apiKey={edited} onClose={() => setEditing(undefined)} />
      )}
      {rotated && (
        <RotateDialog project={project} apiKey={rotated} onClose={() => setRotating(undefined)} />
      )}
      {leaving && (
        <RevokeDialog project={project} apiKey={leaving} onClose={() => setRevoking(undefined)} />
      )}
    </>
  );
}

const EMPTY = {
  active: {
    title: 'No API key yet',
    text: 'An API key lets an app call the gateway. Each one shows its requests, its spend and when it was last used here.',
  },
  revoked: { title: 'None revoked', text: 'Keys that were revoked or have expired are kept here.' },
  all: {
    title: 'No API key yet',
    text: 'All keys that this project ever had, working or not, will be here.',
  },
};

// `sort=cost.desc` in the address.
function parseSort(sort: string | undefined): SortingState {
  const [id, way] = (sort ?? '').split('.');
  return id && (way === 'asc' || way === 'desc') ? [{ id, desc: way === 'desc' }] : [];
}

function writeSort([first]: SortingState): string | undefined {
  return first && `${first.id}.${first.desc ? 'desc' : 'asc'}`;
}
