import { Link } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useEffect, useRef } from 'react';
import { ApiError } from '@/api/client';
import { Mark } from '@/frame/Mark';
import { Button } from '@/ui/Button';
import { Field, inputClass } from '@/ui/Field';
import { focusFirst } from '@/ui/focusFirst';
import { FormError } from '@/ui/Notice';
import css from './DoorPage.module.css';

/** What all pages before the sign-in look like: one card with one task. */
export function DoorPage({
  title,
  lead,
  children,
  foot,
}: {
  title: string;
  lead?: ReactNode;
  children?: ReactNode;
  foot?: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · doteb`;
    // A card that takes another's place is read out, unless a field has the focus.
    if (!document.activeElement?.matches('input')) heading.current?.focus();
  }, [title]);
  return (
    <main className={css.page}>
      <div className={css.card}>
        <div className={css.brand}>
          <Mark />
          <span>doteb</span>
        </div>
        <h1 className={css.title} ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {lead && <p className={css.lead}>{lead}</p>}
        {children}
        {foot && <div className={css.foot}>{foot}</div>}
      </div>
    </main>
  );
}

export function DoorForm({
  onSubmit,
  error,
  pending,
  label,
  pendingLabel,
  children,
}: {
  onSubmit: () => void;
  error: Error | null;
  pending: boolean;
  label: string;
  pendingLabel: string;
  children: ReactNode;
}) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form ref={focusFirst} onSubmit={submit}>
      {children}
      <FormError error={said(error)} />
      <div className={css.submit}>
        <Button look="primary" type="submit" disabled={pending}>
          {pending ? pendingLabel : label}
        </Button>
      </div>
    </form>
  );
}

function said(error: Error | null): Error | null {
  if (!(error instanceof ApiError) || error.status !== 429) return error;
  const wait = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : '';
  return new Error(`Too many attempts.${wait}`);
}

type InputProps = { value: string; onChange: (value: string) => void };

/** With `passkeys`, where the browser may offer them as well as names. */
export function EmailField({
  value,
  onChange,
  passkeys = false,
}: InputProps & { passkeys?: boolean }) {
  return (
    <Field label="E-mail">
      {(control) => (
        <input
          {...control}
          className={inputClass}
          type="email"
          name="email"
          autoComplete={passkeys ? 'username webauthn' : 'username'}
          required
          maxLength={254}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

export const PASSWORD_MIN = 8;

/** A password that is being chosen. */
export function NewPasswordField({ value, onChange }: InputProps) {
  return (
    <Field label="New password" hint={`At least ${PASSWORD_MIN} characters; long beats clever.`}>
      {(control) => (
        <input
          {...control}
          className={inputClass}
          type="password"
          name="new-password"
          autoComplete="new-password"
          required
          minLength={PASSWORD_MIN}
          maxLength={1024}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

/** Is it about what was typed into `field`, which says so itself? */
export const isWrong = (error: Error | null, field: string) =>
  error instanceof ApiError && error.field === field && error.status === 403;

export function CodeField({
  value,
  onChange,
  recovery,
  error,
}: InputProps & { recovery: boolean; error: Error | null }) {
  return (
    <Field
      label={recovery ? 'Recovery code' : 'Code'}
      error={isWrong(error, 'code') ? 'It is wrong, too old, or was used already.' : undefined}
      hint={recovery ? 'One of those you saved; each works once.' : 'Six digits of your app.'}
    >
      {(control) => (
        <input
          {...control}
          key={recovery ? 'recovery' : 'code'}
          className={inputClass}
          name="code"
          autoComplete="one-time-code"
          inputMode={recovery ? 'text' : 'numeric'}
          required
          maxLength={32}
          autoCapitalize="characters"
          spellCheck={false}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

export function BackToLogin() {
  return <Link to="/login">Back to sign in</Link>;
}
