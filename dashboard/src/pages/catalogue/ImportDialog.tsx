import { type FormEvent, useState } from 'react';
import { ApiError } from '@/api/client';
import { type CatalogueVersion, useGiveFile } from '@/api/instance';
import { Button } from '@/ui/Button';
import { CheckRow } from '@/ui/CheckRow';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Field, inputClass } from '@/ui/Field';
import { FormError } from '@/ui/Notice';
import css from './Catalogue.module.css';

export function ImportDialog({
  onClose,
  onGiven,
}: {
  onClose: () => void;
  onGiven: (version: CatalogueVersion) => void;
}) {
  const [file, setFile] = useState<File>();
  const [pasted, setPasted] = useState('');
  const [prune, setPrune] = useState(false);
  const [unread, setUnread] = useState<Error | null>(null);
  const give = useGiveFile();
  const field = give.error instanceof ApiError ? give.error.field : undefined;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setUnread(null);
    try {
      const content = file ? await file.text() : pasted;
      give.mutate({ name: file?.name ?? 'pasted', content, prune }, { onSuccess: onGiven });
    } catch {
      setUnread(new Error('The file cannot be read.'));
    }
  };
  return (
    <Dialog
      title="Import a file"
      description="Models, providers and prices in doteb’s own format, or models.dev’s api.json. You see what would change first."
      onClose={onClose}
    >
      <form onSubmit={(event) => void submit(event)}>
        <Field label="File">
          {(control) => (
            <input
              {...control}
              type="file"
              accept=".json,application/json"
              className={inputClass}
              onChange={(event) => setFile(event.target.files?.[0])}
            />
          )}
        </Field>
        <Field
          label="Or its text"
          error={field === 'content' ? give.error?.message : undefined}
          hint='As {"models": [...]}'
        >
          {(control) => (
            <textarea
              {...control}
              className={`${inputClass} ${css.paste}`}
              spellCheck={false}
              disabled={Boolean(file)}
              value={pasted}
              onChange={(event) => setPasted(event.target.value)}
            />
          )}
        </Field>
        <CheckRow checked={prune} onChange={setPrune}>
          Switch off offers that the file no longer has, of the providers that it speaks of
        </CheckRow>
        {field !== 'content' && <FormError error={unread ?? give.error} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            type="submit"
            disabled={give.isPending || (!file && !pasted.trim())}
          >
            {give.isPending ? 'Looking…' : 'See what it changes'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
