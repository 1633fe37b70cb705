import type { FormEvent } from 'react';
import { isChanged, type Provider, type ProviderKey } from '@/api/client';
import { useChangeProviderKey } from '@/api/providerKeys';
import { useScope } from '@/frame/scope';
import { useDraft } from '@/lib/useDraft';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { ChangedMeanwhile, FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import { elsewhere, filled, LabelField, ModelsField, OptionFields } from './Fields';
import { nameOf, providerName } from './names';

/** Its label, what its address needs, and which models it serves; the secret is rotated. */
export function EditDialog({
  providerKey: key,
  provider,
  onClose,
}: {
  providerKey: ProviderKey;
  provider: Provider | undefined;
  onClose: () => void;
}) {
  const { org } = useScope();
  const change = useChangeProviderKey(org.id);
  const before = { label: key.label, options: key.options, models: key.models };
  const draft = useDraft(before, key.etag, change.isPending);
  const { label, options, models } = draft.value;
  const left = elsewhere(change.error, 'label', 'options', 'models');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      { id: key.id, etag: key.etag, label: label.trim(), options: filled(options), models },
      {
        onSuccess: (saved) => {
          toast(`Saved ${nameOf(saved)}`);
          onClose();
        },
      },
    );
  };
  return (
    <Dialog
      title={`Edit “${nameOf(key)}”`}
      description={`A key of ${providerName(provider, key.provider)}. Its secret is exchanged by “Rotate secret”.`}
      onClose={onClose}
    >
      <form onSubmit={submit} autoComplete="off">
        <LabelField
          value={label}
          onChange={(next) => draft.set({ label: next })}
          error={change.error}
          focus
        />
        <OptionFields
          provider={provider}
          options={options}
          onChange={(next) => draft.set({ options: next })}
          error={change.error}
        />
        <ModelsField
          provider={key.provider}
          models={models}
          onChange={(next) => draft.set({ models: next })}
          error={change.error}
        />
        <ChangedMeanwhile
          draft={draft}
          shown={{
            label: ['Label', key.label || 'empty'],
            options: ['The address', Object.values(key.options).join(', ') || 'empty'],
            models: ['Models', key.models.join(', ') || 'every model'],
          }}
        />
        {!(draft.moved && isChanged(left)) && <FormError error={left} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={change.isPending}>
            Save
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
