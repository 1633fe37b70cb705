// A list to pick from by typing and arrow keys: the palette, the filters, the provider choice.
import { Check, Search } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { cx } from './cx';
import css from './Options.module.css';

export type Option = {
  value: string;
  label: string;
  group?: string;
  icon?: ReactNode;
  note?: ReactNode;
  keywords?: string;
  disabled?: boolean;
};

/** Every word typed must be somewhere in the label, the value or the keywords. */
export function matching(options: Option[], query: string): Option[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return options.filter(({ label, value, keywords = '' }) => {
    const text = `${label} ${value} ${keywords}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export function Options({
  label,
  placeholder,
  options,
  selected,
  onPick,
  onQuery,
  empty = 'Nothing found.',
  busy = false,
}: {
  label: string;
  placeholder: string;
  options: Option[];
  selected?: string | undefined;
  onPick: (value: string) => void;
  onQuery?: (query: string) => void;
  empty?: ReactNode;
  busy?: boolean;
}) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const shown = matching(options, query);
  const active = Math.min(at, shown.length - 1);

  useEffect(() => {
    list.current?.querySelector('[data-active]')?.scrollIntoView({ block: 'nearest' });
  });

  const move = (step: number) => {
    for (let i = active + step; i >= 0 && i < shown.length; i += step) {
      if (!shown[i]?.disabled) {
        setAt(i);
        return;
      }
    }
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'ArrowDown') move(1);
    else if (event.key === 'ArrowUp') move(-1);
    else if (event.key === 'Enter') {
      const option = shown[active];
      if (option && !option.disabled) onPick(option.value);
    } else return;
    event.preventDefault();
  };

  return (
    <div className={css.options}>
      <div className={css.search}>
        <Search size={15} aria-hidden="true" />
        <input
          className={css.input}
          role="combobox"
          aria-label={label}
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={shown[active] ? `${id}-${active}` : undefined}
          aria-autocomplete="list"
          // biome-ignore lint/a11y/noAutofocus: it is opened to type here
          autoFocus
          autoComplete="off"
          spellCheck={false}
          placeholder={placeholder}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setAt(0);
            onQuery?.(event.target.value.trim());
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div className={css.list} id={`${id}-list`} role="listbox" aria-label={label} ref={list}>
        {shown.map((option, i) => (
          <div key={option.value} role="presentation">
            {option.group && option.group !== shown[i - 1]?.group && (
              <div className={css.group} role="presentation">
                {option.group}
              </div>
            )}
            {/* biome-ignore lint/a11y/useKeyWithClickEvents: the combobox has the keys */}
            <div
              id={`${id}-${i}`}
              role="option"
              aria-selected={option.value === selected}
              aria-disabled={option.disabled}
              className={cx(css.option, option.disabled && css.disabled)}
              data-active={i === active ? '' : undefined}
              onPointerMove={() => setAt(i)}
              onClick={() => !option.disabled && onPick(option.value)}
            >
              {option.icon}
              <span className={css.label}>{option.label}</span>
              {option.note && <span className={css.note}>{option.note}</span>}
              {option.value === selected && <Check size={14} aria-hidden="true" />}
            </div>
          </div>
        ))}
      </div>
      {shown.length === 0 && (
        <p className={css.empty} role="status">
          {busy ? 'Loading…' : empty}
        </p>
      )}
    </div>
  );
}
