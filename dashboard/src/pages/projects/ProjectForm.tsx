import type { FormEvent } from 'react';
import { ApiError, isChanged, type Project, type ProjectMode } from '@/api/client';
import { useChangeProject, useCreateProject } from '@/api/settings';
import { useScope } from '@/frame/scope';
import { useDraft } from '@/lib/useDraft';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { NameField, SelectField } from '@/ui/Field';
import { ChangedMeanwhile, FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import { MODES, modeName } from './modes';

/** A new project, or the name and mode of one. */
export function ProjectForm({ project, onClose }: { project?: Project; onClose: () => void }) {
  const { org } = useScope();
  const create = useCreateProject(org.id);
  const change = useChangeProject(org.id);
  const { error, isPending } = project ? change : create;
  const before: { name: string; mode: ProjectMode } = {
    name: project?.name ?? '',
    mode: project?.mode ?? 'hybrid',
  };
  const draft = useDraft(before, project?.etag ?? '', isPending);
  const { name, mode } = draft.value;
  const wrongName = error instanceof ApiError && error.field === 'name';

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body = { name: name.trim(), mode };
    const onSuccess = () => {
      toast(project ? `Saved ${body.name}` : `Created ${body.name}`);
      onClose();
    };
    if (project) change.mutate({ id: project.id, etag: project.etag, ...body }, { onSuccess });
    else create.mutate(body, { onSuccess });
  };
  return (
    <Dialog title={project ? `Edit “${project.name}”` : 'Create project'} onClose={onClose}>
      <form onSubmit={submit}>
        <NameField
          placeholder="Support assistant"
          error={wrongName ? error.message : undefined}
          value={name}
          onChange={(next) => draft.set({ name: next })}
        />
        <SelectField
          label="Paid by"
          hint="Own provider keys are billed to you by the provider; credits are the operator's keys."
          value={mode}
          choices={MODES}
          onChange={(next) => draft.set({ mode: next })}
        />
        <ChangedMeanwhile
          draft={draft}
          shown={{
            name: ['Name', before.name],
            mode: ['Paid by', modeName(before.mode) ?? before.mode],
          }}
        />
        {!wrongName && !(draft.moved && isChanged(error)) && <FormError error={error} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={isPending || !name.trim()}>
            {project ? 'Save' : 'Create project'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
