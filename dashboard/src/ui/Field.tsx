import { type ReactNode, useId } from 'react';
import { besideField } from '@/lib/message';
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
          {error ? besideField(error) : hint}
        </p>
      )}
    </div>
  );
}

export const inputClass = css.input as string;

type Note = { hint?: ReactNode; error?: string | undefined };

/** The name of what is made or edited: the first field of its dialog. */
export function NameField({
  value,
  onChange,
  placeholder,
  ...note
}: Note & { value: string; onChange: (value: string) => void; placeholder?: string }) {
  return (
    <Field label="Name" {...note}>
      {(control) => (
        <input
          {...control}
          className={inputClass}
          placeholder={placeholder}
          required
          maxLength={100}
          autoComplete="off"
          // biome-ignore lint/a11y/noAutofocus: a dialog has just opened
          autoFocus
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

export function SelectField<T extends string | number>({
  label,
  value,
  choices,
  onChange,
  ...note
}: Note & {
  label: string;
  value: T;
  choices: readonly { value: T; label: string }[];
  onChange: (value: T) => void;
}) {
  return (
    <Field label={label} {...note}>
      {(control) => (
        <select
          {...control}
          className={inputClass}
          value={value}
          onChange={(event) => {
            const chosen = choices.find((one) => String(one.value) === event.target.value);
            if (chosen) onChange(chosen.value);
          }}
        >
          {choices.map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
