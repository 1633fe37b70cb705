import * as Popover from '@radix-ui/react-popover';
import { CalendarRange, Check, ChevronDown } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import {
  bounds,
  DEFAULT_RANGE,
  isCustom,
  RANGES,
  type RangeName,
  type RangeSearch,
  rangeLabel,
  toLocalField,
} from '@/lib/range';
import { Button } from '@/ui/Button';
import { Field, inputClass } from '@/ui/Field';
import css from './RangePicker.module.css';

/** The time range of a page: four that move with the clock, or two instants. */
export function RangePicker({
  value,
  onChange,
}: {
  value: RangeSearch;
  onChange: (range: RangeSearch) => void;
}) {
  const [open, setOpen] = useState(false);
  const choose = (range: RangeSearch) => {
    setOpen(false);
    onChange(range);
  };
  const label = rangeLabel(value);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <Button aria-label={`Time range: ${label}`}>
          <CalendarRange size={14} aria-hidden="true" />
          {label}
          <ChevronDown size={14} aria-hidden="true" />
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className={css.popover}
          align="end"
          sideOffset={4}
          collisionPadding={12}
          aria-label="Time range"
        >
          {(Object.keys(RANGES) as RangeName[]).map((name) => {
            const chosen = !isCustom(value) && (value.range ?? DEFAULT_RANGE) === name;
            return (
              <button
                key={name}
                type="button"
                className={css.range}
                aria-pressed={chosen}
                onClick={() => choose(name === DEFAULT_RANGE ? {} : { range: name })}
              >
                {rangeLabel({ range: name })}
                {chosen && <Check size={14} aria-hidden="true" />}
              </button>
            );
          })}
          <Custom value={value} onApply={choose} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Custom({ value, onApply }: { value: RangeSearch; onApply: (range: RangeSearch) => void }) {
  const start = bounds(value);
  const [from, setFrom] = useState(() => toLocalField(start.from));
  const [to, setTo] = useState(() => toLocalField(start.to ?? new Date().toISOString()));
  const valid = from !== '' && to !== '' && from < to;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (valid) onApply({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  };
  return (
    <form className={css.custom} onSubmit={submit}>
      <Field label="From">
        {(control) => (
          <input
            {...control}
            className={inputClass}
            type="datetime-local"
            required
            value={from}
            onChange={(event) => setFrom(event.target.value)}
          />
        )}
      </Field>
      <Field label="To" error={valid ? undefined : 'Must be after the start.'}>
        {(control) => (
          <input
            {...control}
            className={inputClass}
            type="datetime-local"
            required
            value={to}
            onChange={(event) => setTo(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" disabled={!valid}>
        Show this range
      </Button>
    </form>
  );
}
