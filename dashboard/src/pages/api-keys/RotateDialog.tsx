import { TriangleAlert } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import type { ApiKey, CreatedApiKey } from '@/api/client';
import { useRotateApiKey } from '@/api/queries';
import { useScope } from '@/frame/scope';
import { ago } from '@/lib/format';
import { envLine } from '@/lib/snippets';
import { Button } from '@/ui/Button';
import { Code } from '@/ui/Code';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { SelectField } from '@/ui/Field';
import { FormError } from '@/ui/Notice';
import { ShownOnce } from '@/ui/ShownOnce';
import css from './ApiKeysPage.module.css';

type Props = { project: string; apiKey: ApiKey; onClose: () => void };

const GRACES = [
  { value: 1, label: 'One hour' },
  { value: 24, label: 'One day' },
  { value: 168, label: 'One week' },
  { value: 0, label: 'No time: it ends at once' },
];

/** A new secret for a key, while the old one works on for a time. */
export function RotateDialog(props: Props) {
  const [rotated, setRotated] = useState<CreatedApiKey>();
  return rotated ? (
    <Rotated rotated={rotated} onClose={props.onClose} />
  ) : (
    <Ask {...props} onRotated={setRotated} />
  );
}

function Ask({
  project,
  apiKey,
  onClose,
  onRotated,
}: Props & { onRotated: (key: CreatedApiKey) => void }) {
  const { org } = useScope();
  const rotate = useRotateApiKey(org.id, project);
  const [hours, setHours] = useState(24);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rotate.mutate({ id: apiKey.id, etag: apiKey.etag, hours }, { onSuccess: onRotated });
  };
  return (
    <Dialog
      title={`Rotate “${apiKey.name}”`}
      description="The key gets a new secret; its name and its spend stay."
      onClose={onClose}
    >
      <form onSubmit={submit}>
        <SelectField
          label="The old secret works on for"
          hint={
            apiKey.previous_works_until
              ? `The one before it, which would end ${ago(apiKey.previous_works_until)}, ends now.`
              : `Last used: ${apiKey.last_used_at ? ago(apiKey.last_used_at) : 'never'}.`
          }
          value={hours}
          choices={GRACES}
          onChange={setHours}
        />
        <FormError error={rotate.error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={rotate.isPending}>
            {rotate.isPending ? 'Rotating…' : 'Make the new secret'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function Rotated({ rotated, onClose }: { rotated: CreatedApiKey; onClose: () => void }) {
  const [copied, setCopied] = useState(false);
  const until = rotated.previous_works_until;
  return (
    <Dialog
      title={`New secret for “${rotated.name}”`}
      description={until ? `The old one ends ${ago(until)}.` : 'The old one has ended.'}
      onClose={onClose}
      locked={!copied}
    >
      <div className={css.key}>
        <p className={css.warn}>
          <TriangleAlert size={15} />
          <span>Copy it now. It is stored only as a hash and cannot be shown again.</span>
        </p>
        <ShownOnce what="key" text={rotated.key} onCopied={() => setCopied(true)} />
        <div>
          <h3>For your .env</h3>
          <Code text={envLine(rotated.key)} label=".env line" />
        </div>
      </div>
      <DialogActions>
        <Button onClick={onClose}>{copied ? 'Done' : 'I have saved the key'}</Button>
      </DialogActions>
    </Dialog>
  );
}
