import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { ApiError, api, CSRF, read } from '@/api/client';
import { accountQuery, sessionQuery, sessionsQuery } from '@/api/queries';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Field, inputClass } from '@/ui/Field';
import { focusFirst } from '@/ui/focusFirst';
import { FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import { NewPasswordField } from '../login/DoorPage';

/** A dialog with a form whose errors stand at the field they name. */
export function FormDialog({
  title,
  description,
  label,
  danger = false,
  error,
  pending,
  onSubmit,
  onClose,
  children,
}: {
  title: string;
  description?: ReactNode;
  label: string;
  danger?: boolean;
  error: Error | null;
  pending: boolean;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Dialog title={title} description={description} onClose={onClose}>
      <form ref={focusFirst} onSubmit={submit}>
        {children}
        <FormError error={error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button look={danger ? 'danger' : 'primary'} type="submit" disabled={pending}>
            {pending ? 'One moment…' : label}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** The password of who sits here, asked again. */
export function PasswordField({
  value,
  onChange,
  error,
}: {
  value: string;
  onChange: (value: string) => void;
  error: Error | null;
}) {
  const wrong = error instanceof ApiError && error.field === 'password';
  return (
    <Field label="Your password" error={wrong ? 'It is wrong.' : undefined}>
      {(control) => (
        <input
          {...control}
          className={inputClass}
          type="password"
          autoComplete="current-password"
          required
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

/** An error that no field shows. */
export const rest = (error: Error | null, ...fields: string[]) =>
  error instanceof ApiError && error.field && fields.includes(error.field) ? null : error;

export function NameDialog({ name: old, onClose }: { name: string; onClose: () => void }) {
  const [name, setName] = useState(old);
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      read(api.PATCH('/api/v1/account', { params: CSRF, body: { name: name.trim() } })),
    onSuccess: (account) => {
      client.setQueryData(accountQuery.queryKey, account);
      void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
      toast('Changed your name');
      onClose();
    },
  });
  return (
    <FormDialog
      title="Change your name"
      label="Save"
      error={save.error}
      pending={save.isPending}
      onSubmit={() => save.mutate()}
      onClose={onClose}
    >
      <Field label="Name">
        {(control) => (
          <input
            {...control}
            className={inputClass}
            autoComplete="name"
            required
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
    </FormDialog>
  );
}

export function EmailDialog({ onClose }: { onClose: () => void }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const ask = useMutation({
    mutationFn: () =>
      read(api.POST('/api/v1/account/email', { params: CSRF, body: { email, password } })),
    onSuccess: () => {
      toast(`A mail to ${email} is on its way`);
      onClose();
    },
    onError: () => setPassword(''),
    gcTime: 0,
  });
  const wrong = ask.error instanceof ApiError && ask.error.field === 'email';
  return (
    <FormDialog
      title="Change your e-mail address"
      description="We send a link to the new address; nothing changes before you open it."
      label="Send the link"
      error={rest(ask.error, 'email', 'password')}
      pending={ask.isPending}
      onSubmit={() => ask.mutate()}
      onClose={onClose}
    >
      <Field label="New address" error={wrong ? ask.error?.message : undefined}>
        {(control) => (
          <input
            {...control}
            className={inputClass}
            type="email"
            autoComplete="email"
            required
            maxLength={254}
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        )}
      </Field>
      <PasswordField value={password} onChange={setPassword} error={ask.error} />
    </FormDialog>
  );
}

export function PasswordDialog({ onClose }: { onClose: () => void }) {
  const [password, setPassword] = useState('');
  const [fresh, setFresh] = useState('');
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () =>
      read(
        api.POST('/api/v1/account/password', {
          params: CSRF,
          body: { password, new_password: fresh },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
      toast('Changed your password');
      onClose();
    },
    onError: () => setPassword(''),
    gcTime: 0,
  });
  return (
    <FormDialog
      title="Change your password"
      description="All other browsers that are signed in as you are signed out."
      label="Change password"
      error={rest(change.error, 'password')}
      pending={change.isPending}
      onSubmit={() => change.mutate()}
      onClose={onClose}
    >
      <PasswordField value={password} onChange={setPassword} error={change.error} />
      <NewPasswordField value={fresh} onChange={setFresh} />
    </FormDialog>
  );
}
