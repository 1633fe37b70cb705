import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import type { OrganisationDetail } from '@/api/client';
import { useArchiveOrganisation } from '@/api/settings';
import { countExact } from '@/lib/format';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Field, inputClass } from '@/ui/Field';
import { Impact } from '@/ui/Impact';
import { FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';

/** For good: the name must be typed. */
export function ArchiveOrganisation({
  organisation,
  onClose,
}: {
  organisation: OrganisationDetail;
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const archive = useArchiveOrganisation(organisation);
  const [typed, setTyped] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    archive.mutate(typed, {
      onSuccess: () => {
        toast(`Archived ${organisation.name}`);
        onClose();
        void navigate({ to: '/' });
      },
    });
  };
  return (
    <Dialog
      title={`Archive ${organisation.name}?`}
      description="Within a second every request with one of its API keys is refused with 401. The dashboard cannot bring it back."
      onClose={onClose}
    >
      <Impact
        facts={[
          ['Members', countExact(organisation.members, 'member')],
          ['Projects', countExact(organisation.projects, 'project')],
        ]}
      />
      <form onSubmit={submit}>
        <Field label="Type its name" hint={organisation.name}>
          {(control) => (
            <input
              {...control}
              className={inputClass}
              required
              autoComplete="off"
              autoFocus
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
        <FormError error={archive.error} />
        <DialogActions>
          <Button onClick={onClose}>Keep it</Button>
          <Button
            look="danger"
            type="submit"
            disabled={archive.isPending || typed !== organisation.name}
          >
            Archive for good
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
