import type { FormEvent } from 'react';
import { ApiError, isChanged, type Project, type ProjectMode } from '@/api/client';
import { useChangeProject, useCreateProject } from '@/api/settings';
import { useScope } from '@/frame/scope';
import { lifetimesWith } from '@/lib/lifetime';
import { useDraft } from '@/lib/useDraft';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { NameField, SelectField } from '@/ui/Field';
import { ChangedMeanwhile, FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import {
  type Draft,
  draftOf,
  isRestrictionError,
  keyDefaultsOf,
  RestrictionFields,
  restrictionsOf,
} from '../api-keys/RestrictionFields';
import { MODES, modeHint, modeName } from './modes';

/** A new project, or the name, mode and defaults of one. */
export function ProjectForm({ project, onClose }: { project?: Project; onClose: () => void }) {
  const { org } = useScope();
  const create = useCreateProject(org.id);
  const change = useChangeProject(org.id);
  const { error, isPending } = project ? change : create;
  const before: { name: string; mode: ProjectMode; days: number } & Draft = {
    name: project?.name ?? '',
    mode: project?.mode ?? 'hybrid',
    days: project?.key_expires_days ?? 0,
    ...draftOf(project && keyDefaultsOf(project)),
  };
  const choices = lifetimesWith(before.days);
  const draft = useDraft(before, project?.etag ?? '', isPending);
  const { name, mode, days } = draft.value;
  const wrongName = error instanceof ApiError && error.field === 'name';

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { models, providers, ip_ranges } = restrictionsOf(draft.value);
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
          hint={modeHint(org, mode)}
          value={mode}
          choices={MODES}
          onChange={(next) => draft.set({ mode: next })}
        />
        <SelectField
          label="New API keys expire"
          hint="For each key it can be chosen anew; the keys there are stay as they are."
          value={days}
          choices={choices}
          onChange={(next) => draft.set({ days: next })}
        />
        <RestrictionFields
          legend="Restrictions of new API keys"
          lead="key_"
          draft={draft.value}
          onChange={draft.set}
          error={error}
        />
        <ChangedMeanwhile
          draft={draft}
          shown={{
            name: ['Name', before.name],
            mode: ['Paid by', modeName(before.mode) ?? before.mode],
            days: ['Expiry', choices.find(({ value }) => value === before.days)?.label ?? ''],
            models: ['Models', before.models.join(', ') || 'every model'],
            providers: ['Providers', before.providers.join(', ') || 'every provider'],
            addresses: ['Addresses', project?.key_ip_ranges.join(', ') || 'from everywhere'],
          }}
        />
        {!wrongName && !isRestrictionError(error, 'key_') && !(draft.moved && isChanged(error)) && (
          <FormError error={error} />
        )}
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
