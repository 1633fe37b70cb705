import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiError, api, read, setCsrfToken } from '@/api/client';
import { Field, inputClass } from '@/ui/Field';
import { BackToLogin, DoorForm, DoorPage, NewPasswordField } from '../login/DoorPage';
import { useEnter } from '../login/useEnter';
import { useLinkToken } from './useLinkToken';

const isGone = (error: Error | null) => error instanceof ApiError && error.status === 410;

function LinkGone({ again, children }: { again?: '/sign-up' | '/reset'; children: string }) {
  return (
    <DoorPage
      title="This link no longer works"
      lead={children}
      foot={
        <>
          {again && <Link to={again}>Ask for a new one</Link>}
          <BackToLogin />
        </>
      }
    />
  );
}

const GONE = 'It was used already, or it is too old.';

export function SignUpFinishPage() {
  const token = useLinkToken();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const enter = useEnter();
  const finish = useMutation({
    mutationFn: () =>
      read(api.POST('/api/v1/sign-up/finish', { body: { token, name: name.trim(), password } })),
    onSuccess: (session) => enter(session),
    gcTime: 0,
  });
  if (!token || isGone(finish.error)) {
    return <LinkGone again="/sign-up">{finish.error?.message ?? GONE}</LinkGone>;
  }
  return (
    <DoorPage title="Welcome" lead="Your address is confirmed. Who are you?">
      <DoorForm
        onSubmit={() => finish.mutate()}
        error={finish.error}
        pending={finish.isPending}
        label="Create the account"
        pendingLabel="Creating…"
      >
        <Field label="Name">
          {(control) => (
            <input
              {...control}
              className={inputClass}
              name="name"
              autoComplete="name"
              required
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <NewPasswordField value={password} onChange={setPassword} />
      </DoorForm>
    </DoorPage>
  );
}

export function ResetFinishPage() {
  const token = useLinkToken();
  const [password, setPassword] = useState('');
  const client = useQueryClient();
  const finish = useMutation({
    mutationFn: () =>
      read(api.POST('/api/v1/password-reset/finish', { body: { token, password } })),
    onSuccess: () => {
      setCsrfToken('');
      client.clear();
    },
    gcTime: 0,
  });
  if (!token || isGone(finish.error)) {
    return <LinkGone again="/reset">{finish.error?.message ?? GONE}</LinkGone>;
  }
  if (finish.isSuccess) {
    return (
      <DoorPage
        title="Your password is new"
        lead="You are signed out everywhere; sign in with the new one."
        foot={<Link to="/login">Sign in</Link>}
      />
    );
  }
  return (
    <DoorPage title="Choose a new password">
      <DoorForm
        onSubmit={() => finish.mutate()}
        error={finish.error}
        pending={finish.isPending}
        label="Save the password"
        pendingLabel="Saving…"
      >
        <NewPasswordField value={password} onChange={setPassword} />
      </DoorForm>
    </DoorPage>
  );
}

export function EmailFinishPage() {
  const token = useLinkToken();
  const client = useQueryClient();
  const finish = useMutation({
    mutationFn: () => read(api.POST('/api/v1/email-change/finish', { body: { token } })),
    onSuccess: () => client.clear(),
  });
  if (!token || isGone(finish.error)) {
    return <LinkGone>{finish.error?.message ?? GONE}</LinkGone>;
  }
  if (finish.isSuccess) {
    return (
      <DoorPage
        title="Your address is new"
        lead="From now on you sign in with it."
        foot={<a href="/">Go to the dashboard</a>}
      />
    );
  }
  // A press, not the visit itself: programs that look at mail open links too.
  return (
    <DoorPage title="Confirm your new address" lead="Your account will have this address.">
      <DoorForm
        onSubmit={() => finish.mutate()}
        error={finish.error}
        pending={finish.isPending}
        label="Use this address"
        pendingLabel="Saving…"
      >
        {null}
      </DoorForm>
    </DoorPage>
  );
}
