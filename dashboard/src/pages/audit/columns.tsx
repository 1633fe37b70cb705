import { Link } from '@tanstack/react-router';
import type { AuditEntry } from '@/api/client';
import { useScope } from '@/frame/scope';
import { when, whenExact } from '@/lib/format';
import { type Columns, rowLink } from '@/ui/DataTable';
import css from './AuditPage.module.css';
import { entryWords } from './actions';

/** What was done; opens the entry. */
function What({ entry }: { entry: AuditEntry }) {
  const { org } = useScope();
  return (
    <div className={css.what}>
      <Link
        to="/o/$org/audit"
        params={{ org: org.id }}
        search={(old) => ({ ...old, entry: entry.id })}
        replace
        className={rowLink}
      >
        {entryWords(entry)}
        {entry.target?.name && (
          <>
            {' '}
            <span className={css.target}>{entry.target.name}</span>
          </>
        )}
      </Link>
    </div>
  );
}

export function auditColumns(): Columns<AuditEntry> {
  return [
    {
      id: 'time',
      header: 'Time',
      meta: { width: '132px' },
      cell: ({ row: { original: entry } }) => (
        <span title={whenExact(entry.created_at)}>{when(entry.created_at)}</span>
      ),
    },
    {
      id: 'what',
      header: 'What',
      meta: { width: 'minmax(220px, 2fr)' },
      cell: ({ row: { original: entry } }) => <What entry={entry} />,
    },
    {
      id: 'who',
      header: 'Who',
      meta: { width: 'minmax(160px, 1fr)' },
      cell: ({ row: { original: entry } }) => (
        <span className={css.what}>
          {entry.actor.name}
          {entry.actor.kind === 'cli' && <span className={css.quiet}> · command line</span>}
        </span>
      ),
    },
    {
      id: 'from',
      header: 'From',
      meta: { width: '140px', drop: 1 },
      cell: ({ row: { original: entry } }) => (
        <span className={`${css.quiet} ${css.mono}`}>{entry.ip ?? '–'}</span>
      ),
    },
  ];
}

export function EntryCard({ entry }: { entry: AuditEntry }) {
  return (
    <div className={css.card}>
      <What entry={entry} />
      <div className={css.under}>
        <span title={whenExact(entry.created_at)}>{when(entry.created_at)}</span> ·{' '}
        {entry.actor.name}
      </div>
    </div>
  );
}
