import { Link, type LinkProps } from '@tanstack/react-router';
import type { ComponentProps, ReactNode } from 'react';
import css from './Button.module.css';
import { cx } from './cx';
import { Tip } from './Tip';

type Look = {
  look?: 'primary' | 'secondary' | 'ghost' | 'danger' | undefined;
  size?: 'small' | undefined;
};

export function looks({ look = 'secondary', size }: Look, icon = false): string {
  return cx(css.button, css[look], size && css.small, icon && css.icon);
}

export function Button({ look, size, ...rest }: ComponentProps<'button'> & Look) {
  return <button type="button" {...rest} className={looks({ look, size })} />;
}

/** A button that shows only an icon: its label is its name and its tooltip. */
export function IconButton({
  label,
  look = 'ghost',
  size,
  ...rest
}: ComponentProps<'button'> & Look & { label: string }) {
  return (
    <Tip text={label}>
      <button type="button" aria-label={label} {...rest} className={looks({ look, size }, true)} />
    </Tip>
  );
}

export function ButtonLink({
  look,
  size,
  children,
  ...rest
}: LinkProps & Look & { children: ReactNode }) {
  return (
    <Link {...rest} className={looks({ look, size })}>
      {children}
    </Link>
  );
}
