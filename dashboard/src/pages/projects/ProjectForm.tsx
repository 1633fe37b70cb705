import { type FormEvent, useState } from 'react';
import { ApiError, type Project, type ProjectMode } from '@/api/client';
import { useChangeProject, useCreateProject } from '@/api/settings';
import { useScope } from '@/frame/scope';
import { lifetimesWith } from '@/lib/lifetime';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { NameField, SelectField } from '@/ui/Field';
import { FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import {
  draftOf,
  isRestrictionError,
  keyDefaultsOf,
  RestrictionFields,
  restrictionsOf,
} from '../api-keys/RestrictionFields';
import { MODES } from './modes';

/** A new project, or the name, mode and defaults of one. */
export function ProjectForm({ project, onClose }: { project?: Project; onClose: () => void }) {
  const { org } = useScope();
  const create = useCreateProject(org.id);
  const change = useChangeProject(org.id);
  const [name, setName] = useState(project?.name ?? '');
  const [mode, setMode] = useState<ProjectMode>(project?.mode ?? 'hybrid');
  const preset = project?.key_expires_days ?? 0;
  const [days, setDays] = useState(preset);
  const [draft, setDraft] = useState(draftOf(project && keyDefaultsOf(project)));
  const { error, isPending } = project ? change : create;
  const wrongName = error instanceof ApiError && error.field === 'name';

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { models, providers, ip_ranges } = restrictionsOf(draft);
    const body = {
      name: name.trim(),
      mode,
      key_expires_days: days || null,
      key_models: models,
      key_providers: providers,
      key_ip_ranges: ip_ranges,
    };
    const onSuccess = () => {
      toast(project ? `Saved ${body.name}` : `Created ${body.name}`);
      onClose();
    };
    if (project) change.mutate({ id: project.id, ...body }, { onSuccess });
    else create.mutate(body, { onSuccess });
  };
  return (
    <Dialog title={project ? `Edit “${project.name}”` : 'Create project'} onClose={onClose}>
      <form onSubmit={submit}>
        <NameField
          placeholder="Support assistant"
          error={wrongName ? error.message : undefined}
          value={name}
          onChange={setName}
        />
        <SelectField
          label="Paid by"
          hint="Own provider keys are billed to you by the provider; credits are the operator's keys."
          value={mode}
          choices={MODES}
          onChange={setMode}
        />
        <SelectField
          label="New API keys expire"
          hint="For each key it can be chosen anew; the keys there are stay as they are."
          value={days}
          choices={lifetimesWith(preset)}
          onChange={setDays}
        />
        <RestrictionFields
          legend="Restrictions of new API keys"
          lead="key_"
          draft={draft}
          onChange={setDraft}
          error={error}
        />
        {!wrongName && !isRestrictionError(error, 'key_') && <FormError error={error} />}
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
