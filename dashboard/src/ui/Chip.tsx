// One filter of a list: says what the list is limited to, and opens its choices.
import { Plus, X } from 'lucide-react';
import type { ReactNode } from 'react';
import css from './Chip.module.css';
import { cx } from './cx';
import type { Option } from './Options';
import { Pick } from './Pick';

export function Chip({
  name,
  value,
  shown,
  options,
  busy = false,
  onOpen,
  onChange,
}: {
  name: string;
  value: string | undefined;
  shown: ReactNode;
  options: Option[];
  busy?: boolean;
  onOpen?: () => void;
  onChange: (value: string | undefined) => void;
}) {
  return (
    <span className={cx(css.chip, value && css.on)}>
      <Pick
        label={name}
        placeholder={`Filter by ${name.toLowerCase()}…`}
        options={options}
        selected={value}
        busy={busy}
        empty="Nothing in this range."
        onOpen={onOpen}
        onPick={(next) => onChange(next === value ? undefined : next)}
        trigger={
          <button type="button" className={css.open}>
            {!value && <Plus size={13} aria-hidden="true" />}
            {name}
            {value && (
              <>
                <span className={css.is}>is</span>
                <span className={css.value}>{shown}</span>
              </>
            )}
          </button>
        }
      />
      {value && (
        <button
          type="button"
          className={css.remove}
          aria-label={`Remove the filter ${name}`}
          onClick={() => onChange(undefined)}
        >
          <X size={13} />
        </button>
      )}
    </span>
  );
}
