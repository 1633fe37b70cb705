import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useCreateOrganisation } from '@/api/settings';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { NameField } from '@/ui/Field';
import { FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';

export default function NewOrganisation({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const create = useCreateOrganisation();
  const [name, setName] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(name.trim(), {
      onSuccess: (made) => {
        toast(`Created ${made.name}`);
        onClose();
        void navigate({ to: '/o/$org', params: { org: made.id } });
      },
    });
  };
  return (
    <Dialog
      title="New organisation"
      description="It has members, projects and provider keys of its own. You are its owner."
      onClose={onClose}
    >
      <form onSubmit={submit}>
        <NameField value={name} onChange={setName} />
        <FormError error={create.error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={create.isPending || !name.trim()}>
            Create organisation
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
