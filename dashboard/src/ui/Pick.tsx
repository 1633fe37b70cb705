// A button that opens Options in a popover.
import * as Popover from '@radix-ui/react-popover';
import { type ReactElement, useState } from 'react';
import { type Option, Options } from './Options';
import css from './Pick.module.css';

export function Pick({
  trigger,
  label,
  placeholder,
  options,
  selected,
  onPick,
  onOpen,
  busy = false,
  empty,
}: {
  trigger: ReactElement;
  label: string;
  placeholder: string;
  options: Option[];
  selected?: string | undefined;
  onPick: (value: string) => void;
  onOpen?: () => void;
  busy?: boolean;
  empty?: string;
}) {
  const [open, setOpen] = useState(false);
  return (
    <Popover.Root
      open={open}
      onOpenChange={(next) => {
        setOpen(next);
        if (next) onOpen?.();
      }}
    >
      <Popover.Trigger asChild>{trigger}</Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className={css.popover}
          align="start"
          sideOffset={4}
          collisionPadding={12}
          aria-label={label}
        >
          <Options
            label={label}
            placeholder={placeholder}
            options={options}
            selected={selected}
            busy={busy}
            empty={empty}
            onPick={(value) => {
              setOpen(false);
              onPick(value);
            }}
          />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
