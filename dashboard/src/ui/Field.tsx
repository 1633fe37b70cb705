import { type ReactNode, useId } from 'react';
import css from './Field.module.css';

type Control = { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true };

/** Label, control, hint and error, tied together for screen readers. */
export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  children: (control: Control) => ReactNode;
}) {
  const id = useId();
  const note = `${id}-note`;
  const noted = Boolean(error || hint);
  return (
    <div className={css.field}>
      <label className={css.label} htmlFor={id}>
        {label}
      </label>
      {children({
        id,
        ...(noted && { 'aria-describedby': note }),
        ...(error && { 'aria-invalid': true }),
      })}
      {noted && (
        <p id={note} className={error ? css.error : css.hint} role={error ? 'alert' : undefined}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}

export const inputClass = css.input as string;
