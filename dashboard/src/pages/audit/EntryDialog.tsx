import type { AuditEntry } from '@/api/client';
import { whenExact } from '@/lib/format';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Impact } from '@/ui/Impact';
import css from './AuditPage.module.css';
import { changes, entryWords } from './actions';

/** Here and in UTC, neither broken in two. */
function Moment({ iso }: { iso: string }) {
  const [here, utc] = whenExact(iso).split('  ');
  return (
    <>
      <span className={css.moment}>{here}</span> <span className={css.moment}>{utc}</span>
    </>
  );
}

/** One entry in full: from where, and each field that changed. */
export function EntryDialog({
  entry,
  onTarget,
  onClose,
}: {
  entry: AuditEntry;
  onTarget: (id: string) => void;
  onClose: () => void;
}) {
  const fields = changes(entry.before, entry.after);
  const { target, actor } = entry;
  return (
    <Dialog title={`${entryWords(entry)} ${target?.name ?? ''}`.trim()} onClose={onClose}>
      <Impact
        facts={[
          ['Time', <Moment key="time" iso={entry.created_at} />],
          ['Who', actor.kind === 'cli' ? `${actor.name}, command line` : actor.name],
          ['From', entry.ip ?? 'this host'],
          ['With', entry.user_agent || '–'],
          ['Action', <code key="action">{entry.action}</code>],
          ['Id', <code key="id">{target?.id ?? '–'}</code>],
        ]}
      />
      {fields.length > 0 && (
        <table className={css.changes}>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            {fields.map(({ field, before, after }) => (
              <tr key={field}>
                <td>{field}</td>
                <td>{before ?? '–'}</td>
                <td>{after ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <DialogActions>
        {target && <Button onClick={() => onTarget(target.id)}>All that happened to it</Button>}
        <Button onClick={onClose}>Close</Button>
      </DialogActions>
    </Dialog>
  );
}
