import { type FormEvent, useState } from 'react';
import { type InstanceOrganisation, useSuspend } from '@/api/instance';
import { countExact } from '@/lib/format';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Field, inputClass } from '@/ui/Field';
import { FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';

export function SuspendDialog({
  organisation: { id, name, api_keys },
  onClose,
}: {
  organisation: InstanceOrganisation;
  onClose: () => void;
}) {
  const [reason, setReason] = useState('');
  const suspend = useSuspend();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    suspend.mutate(
      { id, reason: reason.trim() },
      {
        onSuccess: () => {
          toast(`Suspended ${name}`);
          onClose();
        },
      },
    );
  };
  return (
    <Dialog
      title={`Suspend “${name}”?`}
      description={`Within a second the gateways refuse its ${countExact(api_keys, 'API key')} (403). Its members can still sign in and see the reason. Nothing is deleted, and it can go on at any time.`}
      onClose={onClose}
    >
      <form onSubmit={submit}>
        <Field label="Reason" hint="Every member of the organisation sees it.">
          {(control) => (
            <input
              {...control}
              className={inputClass}
              required
              maxLength={500}
              autoComplete="off"
              autoFocus
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          )}
        </Field>
        <FormError error={suspend.error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="danger" type="submit" disabled={suspend.isPending || !reason.trim()}>
            {suspend.isPending ? 'Suspending…' : 'Suspend'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
