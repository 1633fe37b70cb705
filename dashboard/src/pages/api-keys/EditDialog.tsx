import { type FormEvent, useState } from 'react';
import { ApiError, type ApiKey } from '@/api/client';
import { useChangeApiKey } from '@/api/queries';
import { useScope } from '@/frame/scope';
import { toLocalField } from '@/lib/range';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Field, inputClass, NameField } from '@/ui/Field';
import { FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import {
  draftOf,
  isRestrictionError,
  RestrictionFields,
  restrictionsOf,
} from './RestrictionFields';

/** The name of a key, when it ends, and what it may do. */
export function EditDialog({
  project,
  apiKey,
  onClose,
}: {
  project: string;
  apiKey: ApiKey;
  onClose: () => void;
}) {
  const { org } = useScope();
  const change = useChangeApiKey(org.id, project);
  const before = apiKey.expires_at ? toLocalField(apiKey.expires_at) : '';
  const [name, setName] = useState(apiKey.name);
  const [draft, setDraft] = useState(draftOf(apiKey));
  const [expires, setExpires] = useState(before);
  const field = change.error instanceof ApiError ? change.error.field : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      {
        id: apiKey.id,
        name: name.trim(),
        ...restrictionsOf(draft),
        // Not touched: to the second as it was.
        ...(expires !== before && { expires_at: expires ? new Date(expires).toISOString() : null }),
      },
      {
        onSuccess: () => {
          toast(`Saved ${name.trim()}`);
          onClose();
        },
      },
    );
  };
  return (
    <Dialog title={`Edit “${apiKey.name}”`} onClose={onClose}>
      <form onSubmit={submit}>
        <NameField
          error={field === 'name' ? change.error?.message : undefined}
          value={name}
          onChange={setName}
        />
        <Field
          label="Expires"
          hint="Empty: never."
          error={field === 'expires_at' ? change.error?.message : undefined}
        >
          {(control) => (
            <input
              {...control}
              className={inputClass}
              type="datetime-local"
              value={expires}
              onChange={(event) => setExpires(event.target.value)}
            />
          )}
        </Field>
        <RestrictionFields draft={draft} onChange={setDraft} error={change.error} />
        {!(field === 'name' || field === 'expires_at' || isRestrictionError(change.error)) && (
          <FormError error={change.error} />
        )}
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
