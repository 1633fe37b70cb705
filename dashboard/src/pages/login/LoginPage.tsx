import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { api, read } from '@/api/client';
import { instanceQuery } from '@/api/queries';
import { Field, inputClass } from '@/ui/Field';
import { DoorForm, DoorPage, EmailField } from './DoorPage';
import { SecondStep } from './SecondStep';
import { useEnter } from './useEnter';

const PasskeyButton = lazy(() => import('./PasskeyButton'));

export function LoginPage() {
  const { next } = useSearch({ from: '/login' });
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [second, setSecond] = useState<{ passkey: boolean }>();
  const instance = useQuery(instanceQuery);
  const enter = useEnter();

  const signIn = useMutation({
    mutationFn: () => read(api.POST('/api/v1/session', { body: { email, password } })),
    onSuccess: (answer) => {
      setPassword('');
      if ('second_factor' in answer) setSecond(answer);
      else return enter(answer, next);
    },
    onError: () => setPassword(''),
    gcTime: 0,
  });

  if (second)
    return <SecondStep next={next} passkey={second.passkey} onBack={() => setSecond(undefined)} />;
  return (
    <DoorPage
      title="Sign in"
      foot={
        instance.data &&
        (instance.data.mail ? (
          <>
            <Link to="/reset">Forgot your password?</Link>
            {instance.data.sign_up === 'open' && <Link to="/sign-up">Create an account</Link>}
          </>
        ) : (
          'No account, or forgot your password? Ask who runs this instance: it sends no mail.'
        ))
      }
    >
      <DoorForm
        onSubmit={() => signIn.mutate()}
        error={signIn.error}
        pending={signIn.isPending}
        label="Sign in"
        pendingLabel="Signing in…"
      >
        <EmailField
          value={email}
          onChange={setEmail}
          passkeys={instance.data?.passkeys === 'available'}
        />
        <Field label="Password">
          {(control) => (
            <input
              {...control}
              className={inputClass}
              type="password"
              name="password"
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          )}
        </Field>
      </DoorForm>
      {instance.data?.passkeys === 'available' && (
        <Suspense>
          <PasskeyButton label="Sign in with a passkey" next={next} />
        </Suspense>
      )}
    </DoorPage>
  );
}
