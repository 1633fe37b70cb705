import { useQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { ApiError, type CreatedApiKey } from '@/api/client';
import { useCreateApiKey } from '@/api/queries';
import { projectsQuery } from '@/api/settings';
import { useScope } from '@/frame/scope';
import { endIn, lifetimesWith } from '@/lib/lifetime';
import { envLine } from '@/lib/snippets';
import { Button } from '@/ui/Button';
import { Code, Snippets } from '@/ui/Code';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { NameField, SelectField } from '@/ui/Field';
import { FirstRequestLight } from '@/ui/FirstRequestLight';
import { FormError } from '@/ui/Notice';
import { ShownOnce } from '@/ui/ShownOnce';
import { useSnippetModel } from '@/ui/useSnippetModel';
import css from './ApiKeysPage.module.css';
import {
  type Draft,
  draftOf,
  isRestrictionError,
  keyDefaultsOf,
  RestrictionFields,
  restrictionsOf,
} from './RestrictionFields';

type Props = { project: string; projectName: string; onClose: () => void };

export function CreateDialog({ project, projectName, onClose }: Props) {
  const [created, setCreated] = useState<CreatedApiKey>();
  return created ? (
    <Created created={created} project={project} onClose={onClose} />
  ) : (
    <NewKey project={project} projectName={projectName} onClose={onClose} onCreated={setCreated} />
  );
}

function NewKey({
  project,
  projectName,
  onClose,
  onCreated,
}: Props & { onCreated: (key: CreatedApiKey) => void }) {
  const { org } = useScope();
  const [name, setName] = useState('');
  // What is not touched is the project's to say: it is shown here, and filled in by the API.
  const [chosenDays, setDays] = useState<number>();
  const [chosenDraft, setDraft] = useState<Draft>();
  const of = useQuery(projectsQuery(org.id, 'active')).data?.find(({ id }) => id === project);
  const preset = of?.key_expires_days ?? 0;
  const days = chosenDays ?? preset;
  const draft = chosenDraft ?? draftOf(of && keyDefaultsOf(of));
  const create = useCreateApiKey(org.id, project);
  const field = create.error instanceof ApiError ? create.error.field : undefined;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(
      {
        name: name.trim(),
        ...(chosenDays !== undefined && { expires_at: endIn(chosenDays) }),
        ...(chosenDraft && restrictionsOf(chosenDraft)),
      },
      { onSuccess: onCreated },
    );
  };
  return (
    <Dialog
      title="Create API key"
      description={`It can call what the project ${projectName} can, unless you restrict it.`}
      onClose={onClose}
    >
      <form onSubmit={submit}>
        <NameField
          placeholder="production backend"
          hint="Where it will be used, so that you know later what revoking it breaks."
          error={field === 'name' ? create.error?.message : undefined}
          value={name}
          onChange={setName}
        />
        <SelectField
          label="Expires"
          error={field === 'expires_at' ? create.error?.message : undefined}
          value={days}
          choices={lifetimesWith(preset)}
          onChange={setDays}
        />
        <RestrictionFields draft={draft} onChange={setDraft} error={create.error} />
        {!(field === 'name' || field === 'expires_at' || isRestrictionError(create.error)) && (
          <FormError error={create.error} />
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={create.isPending || !name.trim()}>
            {create.isPending ? 'Creating…' : 'Create key'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function Created({
  created,
  project,
  onClose,
}: {
  created: CreatedApiKey;
  project: string;
  onClose: () => void;
}) {
  const { org, session } = useScope();
  const model = useSnippetModel(org.projects.find(({ id }) => id === project)?.mode);
  const [copied, setCopied] = useState(false);
  return (
    <Dialog title={`Key “${created.name}” is ready`} onClose={onClose} locked={!copied}>
      <div className={css.key}>
        <p className={css.warn}>
          <TriangleAlert size={15} />
          <span>Copy it now. It is stored only as a hash and cannot be shown again.</span>
        </p>
        <ShownOnce what="key" text={created.key} onCopied={() => setCopied(true)} />
        <div>
          <h3>For your .env</h3>
          <Code text={envLine(created.key)} label=".env line" />
        </div>
        <div>
          <h3>First request</h3>
          <Snippets baseUrl={session.gateway_url} model={model} />
        </div>
        <FirstRequestLight org={org.id} project={project} apiKey={created.id} />
      </div>
      <DialogActions>
        <Button onClick={onClose}>{copied ? 'Done' : 'I have saved the key'}</Button>
      </DialogActions>
    </Dialog>
  );
}
