import type { FormEvent } from 'react';
import { ApiError, type ApiKey, isChanged } from '@/api/client';
import { useChangeApiKey } from '@/api/queries';
import { useScope } from '@/frame/scope';
import { date } from '@/lib/format';
import { toLocalField } from '@/lib/range';
import { useDraft } from '@/lib/useDraft';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Field, inputClass, NameField } from '@/ui/Field';
import { ChangedMeanwhile, FormError } from '@/ui/Notice';
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
  const before = {
    name: apiKey.name,
    expires: apiKey.expires_at ? toLocalField(apiKey.expires_at) : '',
    ...draftOf(apiKey),
  };
  const draft = useDraft(before, apiKey.etag, change.isPending);
  const { name, expires } = draft.value;
  const field = change.error instanceof ApiError ? change.error.field : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      {
        id: apiKey.id,
        etag: apiKey.etag,
        name: name.trim(),
        ...restrictionsOf(draft.value),
        // Not touched: to the second as it was.
        ...(expires !== before.expires && {
          expires_at: expires ? new Date(expires).toISOString() : null,
        }),
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
          onChange={(next) => draft.set({ name: next })}
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
              onChange={(event) => draft.set({ expires: event.target.value })}
            />
          )}
        </Field>
        <RestrictionFields draft={draft.value} onChange={draft.set} error={change.error} />
        <ChangedMeanwhile
          draft={draft}
          shown={{
            name: ['Name', before.name],
            expires: ['Expires', apiKey.expires_at ? date(apiKey.expires_at) : 'never'],
            models: ['Models', before.models.join(', ') || 'every model'],
            providers: ['Providers', before.providers.join(', ') || 'every provider'],
            addresses: ['Addresses', apiKey.ip_ranges.join(', ') || 'from everywhere'],
          }}
        />
        {!(
          field === 'name' ||
          field === 'expires_at' ||
          isRestrictionError(change.error) ||
          (draft.moved && isChanged(change.error))
        ) && <FormError error={change.error} />}
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
