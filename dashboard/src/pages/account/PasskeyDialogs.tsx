import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ifMatch, isChanged, read } from '@/api/client';
import { addPasskey, type Passkey, passkeysQuery } from '@/api/passkeys';
import { agentName } from '@/lib/agent';
import { Field, inputClass } from '@/ui/Field';
import { toast } from '@/ui/Toasts';
import { FormDialog, PasswordField, rest } from './ProfileDialogs';

type Props = { onClose: () => void };

/** What all three do once it is done, and when somebody else was first. */
function useDone(onClose: () => void) {
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: passkeysQuery.queryKey });
  return {
    done: (said: string) => {
      void again();
      toast(said);
      onClose();
    },
    failed: (error: Error) => {
      if (isChanged(error)) void again();
    },
  };
}

function NameField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <Field label="Name" hint="To tell your passkeys apart.">
      {(control) => (
        <input
          {...control}
          className={inputClass}
          required
          maxLength={100}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

export function AddPasskey({ onClose }: Props) {
  const [name, setName] = useState(() => agentName(navigator.userAgent));
  const [password, setPassword] = useState('');
  const { done } = useDone(onClose);
  const add = useMutation({
    mutationFn: () => addPasskey(name.trim(), password),
    onSuccess: () => done(`Added ${name.trim()}`),
    gcTime: 0,
  });
  return (
    <FormDialog
      title="Add a passkey"
      description="Your browser then asks which device keeps it."
      label="Continue"
      error={rest(add.error, 'password')}
      pending={add.isPending}
      onSubmit={() => add.mutate()}
      onClose={onClose}
    >
      <NameField value={name} onChange={setName} />
      <PasswordField value={password} onChange={setPassword} error={add.error} />
    </FormDialog>
  );
}

export function RenamePasskey({ passkey, onClose }: Props & { passkey: Passkey }) {
  const [name, setName] = useState(passkey.name);
  const { done, failed } = useDone(onClose);
  const rename = useMutation({
    mutationFn: () =>
      read(
        api.PATCH('/api/v1/account/passkeys/{id}', {
          params: { path: { id: passkey.id }, ...ifMatch(passkey.etag) },
          body: { name: name.trim() },
        }),
      ),
    onSuccess: () => done('Renamed the passkey'),
    onError: failed,
  });
  return (
    <FormDialog
      title="Rename the passkey"
      label="Save"
      error={rename.error}
      pending={rename.isPending}
      onSubmit={() => rename.mutate()}
      onClose={onClose}
    >
      <NameField value={name} onChange={setName} />
    </FormDialog>
  );
}

export function RemovePasskey({ passkey, onClose }: Props & { passkey: Passkey }) {
  const [password, setPassword] = useState('');
  const { done, failed } = useDone(onClose);
  const remove = useMutation({
    mutationFn: () =>
      read(
        api.POST('/api/v1/account/passkeys/{id}/remove', {
          params: { path: { id: passkey.id }, ...ifMatch(passkey.etag) },
          body: { password },
        }),
      ),
    onSuccess: () => done(`Removed ${passkey.name}`),
    onError: (error) => {
      setPassword('');
      failed(error);
    },
    gcTime: 0,
  });
  return (
    <FormDialog
      title={`Remove ${passkey.name}?`}
      description="It no longer opens your account. Your device may keep showing it; delete it there, too."
      label="Remove"
      danger
      error={rest(remove.error, 'password')}
      pending={remove.isPending}
      onSubmit={() => remove.mutate()}
      onClose={onClose}
    >
      <PasswordField value={password} onChange={setPassword} error={remove.error} />
    </FormDialog>
  );
}
