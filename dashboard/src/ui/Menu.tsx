// A menu under a button, and in its landmark. Not modal: Radix's modal menu injects a style
// element, which the CSP forbids.
import * as M from '@radix-ui/react-dropdown-menu';
import { Check } from 'lucide-react';
import type { ReactElement, ReactNode } from 'react';
import css from './Menu.module.css';

export function Menu({
  trigger,
  align = 'end',
  children,
}: {
  trigger: ReactElement;
  align?: 'start' | 'end';
  children: ReactNode;
}) {
  return (
    <M.Root modal={false}>
      <M.Trigger asChild>{trigger}</M.Trigger>
      <M.Content className={css.menu} align={align} sideOffset={4} collisionPadding={8}>
        {children}
      </M.Content>
    </M.Root>
  );
}

export function MenuItem({ onSelect, children }: { onSelect: () => void; children: ReactNode }) {
  return (
    <M.Item className={css.item} onSelect={onSelect}>
      {children}
    </M.Item>
  );
}

/** Choices of which one holds. */
export function MenuChoice<T extends string>({
  label,
  value,
  choices,
  onChange,
}: {
  label: string;
  value: T | undefined;
  choices: readonly { value: T; label: ReactNode }[];
  onChange: (value: T) => void;
}) {
  return (
    <M.RadioGroup
      aria-label={label}
      value={value ?? ''}
      onValueChange={(next) => onChange(next as T)}
    >
      {choices.map((choice) => (
        <M.RadioItem key={choice.value} value={choice.value} className={css.item}>
          <span className={css.label}>{choice.label}</span>
          <M.ItemIndicator className={css.check}>
            <Check size={14} />
          </M.ItemIndicator>
        </M.RadioItem>
      ))}
    </M.RadioGroup>
  );
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <M.Label className={css.heading}>{children}</M.Label>;
}

export function MenuLine() {
  return <M.Separator className={css.line} />;
}
