// Saving a view, and what can be done with those there are.
import { Pencil, Trash2, UserRound, UsersRound } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { ApiError } from '@/api/client';
import { useChangeView, useDeleteView, useSaveView, type View, type ViewPage } from '@/api/views';
import { Button, IconButton } from '@/ui/Button';
import { Confirm } from '@/ui/Confirm';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { NameField, SelectField } from '@/ui/Field';
import { Actions, List, ListRow } from '@/ui/List';
import { FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import { may, mayWrite, useScope } from './scope';

const FOR = [
  { value: 'me', label: 'Only me' },
  { value: 'all', label: 'Everybody in the organisation' },
] as const;

export function SaveView({
  page,
  query,
  onClose,
}: {
  page: ViewPage;
  query: string;
  onClose: () => void;
}) {
  const { org } = useScope();
  const [name, setName] = useState('');
  const [audience, setAudience] = useState<'me' | 'all'>('me');
  const save = useSaveView(org.id);
  const wrongName = save.error instanceof ApiError && save.error.field === 'name';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(
      { name: name.trim(), page, query, shared: audience === 'all' },
      {
        onSuccess: (view) => {
          toast(`Saved ${view.name}`);
          onClose();
        },
      },
    );
  };
  return (
    <Dialog
      title="Save this view"
      description="The page with its time range, project and filters as they are now."
      onClose={onClose}
    >
      <form onSubmit={submit}>
        <NameField
          placeholder="Failures of the week"
          error={wrongName ? save.error?.message : undefined}
          value={name}
          onChange={setName}
        />
        {may(org, 'developer') && (
          <SelectField label="Shown to" value={audience} choices={FOR} onChange={setAudience} />
        )}
        {!wrongName && <FormError error={save.error} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={save.isPending || !name.trim()}>
            Save view
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

export function ManageViews({ views, onClose }: { views: View[]; onClose: () => void }) {
  const { org, session } = useScope();
  const [renaming, setRenaming] = useState<View>();
  const change = useChangeView(org.id);
  const [deleting, setDeleting] = useState<View>();
  if (renaming) return <RenameView view={renaming} onClose={() => setRenaming(undefined)} />;
  return (
    <Dialog
      title="Views"
      description="Of this page: your own, and those that are shared."
      onClose={onClose}
    >
      <List label="Views">
        {views.map((view) => {
          const own = view.owner.id === session.user.id;
          return (
            <ListRow
              key={view.id}
              name={view.name}
              under={
                (own ? '' : `${view.owner.name || view.owner.email}, `) +
                (view.shared ? 'shown to everybody' : 'only for you')
              }
            >
              {(own || may(org, 'admin')) && (
                <Actions room={2}>
                  {(view.shared ? !org.suspended : mayWrite(org, 'developer')) && (
                    <IconButton
                      label={`${view.shared ? 'Stop sharing' : 'Share'} ${view.name}`}
                      onClick={() => change.mutate({ view, shared: !view.shared })}
                    >
                      {view.shared ? <UserRound size={15} /> : <UsersRound size={15} />}
                    </IconButton>
                  )}
                  {!org.suspended && (
                    <IconButton label={`Rename ${view.name}`} onClick={() => setRenaming(view)}>
                      <Pencil size={15} />
                    </IconButton>
                  )}
                  <IconButton label={`Delete ${view.name}`} onClick={() => setDeleting(view)}>
                    <Trash2 size={15} />
                  </IconButton>
                </Actions>
              )}
            </ListRow>
          );
        })}
      </List>
      <FormError error={change.error} />
      <DialogActions>
        <Button onClick={onClose}>Done</Button>
      </DialogActions>
      {deleting && (
        <DeleteView
          view={deleting}
          onClose={() => setDeleting(undefined)}
          onDeleted={() => views.length === 1 && onClose()}
        />
      )}
    </Dialog>
  );
}

function DeleteView({
  view,
  onClose,
  onDeleted,
}: {
  view: View;
  onClose: () => void;
  onDeleted: () => void;
}) {
  const { org, session } = useScope();
  const remove = useDeleteView(org.id);
  const { name, shared, owner } = view;
  const loses = shared
    ? 'Everybody in this organisation loses it'
    : owner.id === session.user.id
      ? 'Only you see it'
      : `Only ${owner.name || owner.email} sees it`;
  const confirm = () =>
    remove.mutate(view, {
      onSuccess: () => {
        toast(`Deleted ${name}`);
        onClose();
        onDeleted();
      },
    });
  return (
    <Dialog
      title={`Delete “${name}”?`}
      description={`${loses}. This cannot be undone; what it shows stays.`}
      onClose={onClose}
    >
      <Confirm
        change={remove}
        act="Delete view"
        acting="Deleting…"
        onKeep={onClose}
        onAct={confirm}
      />
    </Dialog>
  );
}

function RenameView({ view, onClose }: { view: View; onClose: () => void }) {
  const { org } = useScope();
  const [name, setName] = useState(view.name);
  const change = useChangeView(org.id);
  const wrongName = change.error instanceof ApiError && change.error.field === 'name';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ view, name: name.trim() }, { onSuccess: onClose });
  };
  return (
    <Dialog title={`Rename “${view.name}”`} onClose={onClose}>
      <form onSubmit={submit}>
        <NameField
          error={wrongName ? change.error?.message : undefined}
          value={name}
          onChange={setName}
        />
        {!wrongName && <FormError error={change.error} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={change.isPending || !name.trim()}>
            Save
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
