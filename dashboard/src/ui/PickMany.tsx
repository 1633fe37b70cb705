// A field whose value is a list: what was picked as chips, and a button that opens Options.
import { Plus, X } from 'lucide-react';
import { Button, IconButton } from './Button';
import { Field } from './Field';
import type { Option } from './Options';
import { Pick } from './Pick';
import css from './PickMany.module.css';

export function PickMany({
  label,
  what,
  none,
  picked,
  options,
  busy,
  error,
  onChange,
}: {
  label: string;
  what: string;
  none: string;
  picked: string[];
  options: Option[];
  busy: boolean;
  error: string | undefined;
  onChange: (picked: string[]) => void;
}) {
  return (
    <Field label={label} hint={picked.length ? undefined : none} error={error}>
      {(control) => (
        <div className={css.picked}>
          {picked.map((one) => (
            <span key={one} className={css.one}>
              {one}
              <IconButton
                label={`Remove ${one}`}
                size="small"
                onClick={() => onChange(picked.filter((other) => other !== one))}
              >
                <X size={13} />
              </IconButton>
            </span>
          ))}
          <Pick
            label={label}
            placeholder={`Find a ${what}…`}
            options={options.filter(({ value }) => !picked.includes(value))}
            busy={busy}
            onPick={(value) => onChange([...picked, value])}
            trigger={
              <Button {...control} size="small">
                <Plus size={13} aria-hidden="true" /> Add a {what}
              </Button>
            }
          />
        </div>
      )}
    </Field>
  );
}
