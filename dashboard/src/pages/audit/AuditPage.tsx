import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { auditParameters, auditQuery, membersQuery } from '@/api/settings';
import { Page } from '@/frame/Page';
import { RangePicker } from '@/frame/RangePicker';
import { may, useScope } from '@/frame/scope';
import { isCustom, type RangeSearch } from '@/lib/range';
import type { AuditSearch } from '@/router';
import { Chip } from '@/ui/Chip';
import { DataTable } from '@/ui/DataTable';
import { FileLink } from '@/ui/FileLink';
import { Empty, Failed } from '@/ui/Notice';
import css from './AuditPage.module.css';
import { THINGS } from './actions';
import { auditColumns, EntryCard } from './columns';
import { EntryDialog } from './EntryDialog';

export default function AuditPage() {
  const { org } = useScope();
  const search = useSearch({ from: '/signed-in/o/$org/audit' });
  const navigate = useNavigate({ from: '/o/$org/audit' });
  const { from, to, range = '30d' } = search;
  const time: RangeSearch = isCustom(search) ? { from: from ?? '', to: to ?? '' } : { range };
  const go = (change: Partial<AuditSearch>) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  return (
    <Page
      title="Audit log"
      tools={
        <RangePicker
          value={time}
          onChange={(next) =>
            go(
              isCustom(next)
                ? { ...next, range: undefined }
                : { range: next.range ?? '24h', from: undefined, to: undefined },
            )
          }
        />
      }
    >
      {may(org, 'admin') ? (
        <Entries time={time} search={search} go={go} />
      ) : (
        <Empty title="For admins">The audit log is shown to admins and owners.</Empty>
      )}
    </Page>
  );
}

function Entries({
  time,
  search,
  go,
}: {
  time: RangeSearch;
  search: AuditSearch;
  go: (change: Partial<AuditSearch>) => void;
}) {
  const { org } = useScope();
  const { action, actor, target } = search;
  const filters = { ...time, action, actor, target };
  const entries = useInfiniteQuery(auditQuery(org.id, filters));
  const members = useQuery(membersQuery(org.id));
  const rows = useMemo(() => entries.data?.pages.flatMap((page) => page.items), [entries.data]);
  const columns = useMemo(() => auditColumns(), []);
  const open = rows?.find(({ id }) => id === search.entry);
  const people = (members.data ?? []).map(({ user }) => ({
    value: user.id,
    label: user.name || user.email,
    keywords: user.email,
  }));
  const query = new URLSearchParams(auditParameters(filters));

  return (
    <>
      <search className={css.filters}>
        <Chip
          name="What"
          value={action}
          shown={THINGS[action ?? ''] ?? action}
          options={Object.entries(THINGS).map(([value, label]) => ({ value, label }))}
          onChange={(value) => go({ action: value })}
        />
        <Chip
          name="Who"
          value={actor}
          shown={people.find(({ value }) => value === actor)?.label ?? actor?.slice(0, 8)}
          options={people}
          busy={members.isPending}
          onChange={(value) => go({ actor: value })}
        />
        {target && (
          <Chip
            name="On"
            value={target}
            shown={rows?.find((row) => row.target?.id === target)?.target?.name || 'one thing'}
            options={[]}
            onChange={(value) => go({ target: value })}
          />
        )}
        <span className={css.csv}>
          <FileLink
            size="small"
            href={`/api/v1/organisations/${org.id}/audit/export?${query}`}
            download="audit.csv"
          />
        </span>
      </search>
      {entries.isError && !rows ? (
        <Failed error={entries.error} retry={() => void entries.refetch()} />
      ) : rows?.length === 0 ? (
        <Empty title="Nothing in this range">
          Every change of keys, projects, members and settings is kept here: who made it, from
          where, and what was before and after.
        </Empty>
      ) : (
        <DataTable
          label="Audit log"
          columns={columns}
          rows={rows}
          rowKey={(entry) => entry.id}
          rowHeight={40}
          cardHeight={76}
          card={(entry) => <EntryCard entry={entry} />}
          onEnd={
            entries.hasNextPage && !entries.isFetching
              ? () => void entries.fetchNextPage()
              : undefined
          }
        />
      )}
      {open && (
        <EntryDialog
          entry={open}
          onTarget={(id) => go({ target: id, entry: undefined })}
          onClose={() => go({ entry: undefined })}
        />
      )}
    </>
  );
}
