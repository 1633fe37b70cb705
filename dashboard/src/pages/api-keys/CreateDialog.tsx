import { TriangleAlert } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { ApiError, type CreatedApiKey } from '@/api/client';
import { useCreateApiKey } from '@/api/queries';
import { useScope } from '@/frame/scope';
import { envLine } from '@/lib/snippets';
import { Button } from '@/ui/Button';
import { Code, Snippets } from '@/ui/Code';
import { CopyButton } from '@/ui/Copy';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Field, inputClass } from '@/ui/Field';
import { FirstRequestLight } from '@/ui/FirstRequestLight';
import { FormError } from '@/ui/Notice';
import { useSnippetModel } from '@/ui/useSnippetModel';
import css from './ApiKeysPage.module.css';
import {
  draftOf,
  isRestrictionError,
  RestrictionFields,
  restrictionsOf,
} from './RestrictionFields';

type Props = { project: string; projectName: string; onClose: () => void };

const LIFETIMES = [
  { days: 0, label: 'Never' },
  { days: 30, label: 'In 30 days' },
  { days: 90, label: 'In 90 days' },
  { days: 365, label: 'In a year' },
];

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
  const [days, setDays] = useState(0);
  const [draft, setDraft] = useState(draftOf());
  const create = useCreateApiKey(org.id, project);
  const field = create.error instanceof ApiError ? create.error.field : undefined;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const expires = days ? new Date(Date.now() + days * 86_400_000).toISOString() : null;
    create.mutate(
      { name: name.trim(), expires_at: expires, ...restrictionsOf(draft) },
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
        <Field
          label="Name"
          hint="Where it will be used, so that you know later what revoking it breaks."
          error={field === 'name' ? create.error?.message : undefined}
        >
          {(control) => (
            <input
              {...control}
              className={inputClass}
              placeholder="production backend"
              required
              maxLength={100}
              autoComplete="off"
              autoFocus
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label="Expires" error={field === 'expires_at' ? create.error?.message : undefined}>
          {(control) => (
            <select
              {...control}
              className={inputClass}
              value={days}
              onChange={(event) => setDays(Number(event.target.value))}
            >
              {LIFETIMES.map((lifetime) => (
                <option key={lifetime.days} value={lifetime.days}>
                  {lifetime.label}
                </option>
              ))}
            </select>
          )}
        </Field>
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
  const model = useSnippetModel();
  const [copied, setCopied] = useState(false);
  return (
    <Dialog title={`Key “${created.name}” is ready`} onClose={onClose} locked={!copied}>
      <div className={css.key}>
        <p className={css.warn}>
          <TriangleAlert size={15} />
          <span>Copy it now. It is stored only as a hash and cannot be shown again.</span>
        </p>
        <div className={css.secret}>
          <code data-testid="new-key">{created.key}</code>
          <CopyButton
            look="primary"
            text={created.key}
            label="Copy key"
            onCopied={() => setCopied(true)}
          />
        </div>
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
