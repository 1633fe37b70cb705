import type { Project } from '@/api/client';
import { useChangeProject } from '@/api/settings';
import { useScope } from '@/frame/scope';
import { ago, countExact, money } from '@/lib/format';
import { Confirm } from '@/ui/Confirm';
import { Dialog } from '@/ui/Dialog';
import { Impact } from '@/ui/Impact';
import { toast } from '@/ui/Toasts';

/** Says what archiving breaks before it is done; bringing back is the same the other way. */
export function ArchiveProject({ project, onClose }: { project: Project; onClose: () => void }) {
  const { org } = useScope();
  const change = useChangeProject(org.id);
  const archived = !project.archived_at;
  const confirm = () =>
    change.mutate(
      { id: project.id, etag: project.etag, archived },
      {
        onSuccess: () => {
          toast(`${archived ? 'Archived' : 'Brought back'} ${project.name}`);
          onClose();
        },
      },
    );
  return (
    <Dialog
      title={archived ? `Archive “${project.name}”?` : `Bring back “${project.name}”?`}
      description={
        archived
          ? 'Within a second every request with one of its API keys is refused with 401. What it did stays, and it can be brought back.'
          : 'Its API keys work again within a second.'
      }
      onClose={onClose}
    >
      <Impact
        facts={[
          ['API keys', countExact(project.api_keys, 'working key')],
          ['Last used', project.last_used_at ? ago(project.last_used_at) : 'never'],
          ['So far', `${countExact(project.requests, 'request')}, ${money(project.cost)}`],
        ]}
      />
      <Confirm
        change={change}
        keep="Cancel"
        act={archived ? 'Archive project' : 'Bring it back'}
        look={archived ? 'danger' : 'primary'}
        onKeep={onClose}
        onAct={confirm}
      />
    </Dialog>
  );
}
