import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { ApiError, api, read, setCsrfToken } from '@/api/client';
import { sessionQuery } from '@/api/queries';
import { Mark } from '@/frame/Mark';
import { Button } from '@/ui/Button';
import { Field, inputClass } from '@/ui/Field';
import { FormError } from '@/ui/Notice';
import css from './LoginPage.module.css';

export function LoginPage() {
  const { next } = useSearch({ from: '/login' });
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const client = useQueryClient();
  const navigate = useNavigate();

  const signIn = useMutation({
    mutationFn: () => read(api.POST('/api/v1/session', { body: { email, password } })),
    onSuccess: (session) => {
      setCsrfToken(session.csrf_token);
      client.clear();
      client.setQueryData(sessionQuery.queryKey, session);
      return navigate({ href: next ?? '/', replace: true });
    },
    onError: () => setPassword(''),
    gcTime: 0,
  });

  useEffect(() => {
    document.title = 'Sign in · doteb';
  }, []);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <main className={css.page}>
      <form className={css.form} onSubmit={submit}>
        <div className={css.brand}>
          <Mark />
          <span>doteb</span>
        </div>
        <h1 className={css.title}>Sign in</h1>
        <Field label="E-mail">
          {(control) => (
            <input
              {...control}
              className={inputClass}
              type="email"
              name="email"
              autoComplete="username"
              required
              // biome-ignore lint/a11y/noAutofocus: the page has one task
              autoFocus
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          )}
        </Field>
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
        <FormError error={said(signIn.error)} />
        <div className={css.submit}>
          <Button look="primary" type="submit" disabled={signIn.isPending}>
            {signIn.isPending ? 'Signing in…' : 'Sign in'}
          </Button>
        </div>
      </form>
    </main>
  );
}

function said(error: Error | null): Error | null {
  if (!(error instanceof ApiError) || error.status !== 429) return error;
  const wait = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : '';
  return new Error(`Too many wrong guesses.${wait}`);
}
