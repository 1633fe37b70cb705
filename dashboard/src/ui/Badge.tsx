import type { ReactNode } from 'react';
import css from './Badge.module.css';
import { cx } from './cx';

export type Tone = 'good' | 'warn' | 'bad' | 'quiet' | 'accent';

/** A word with a meaning; its icon or its word says the same as its colour. */
export function Badge({ tone = 'quiet', children }: { tone?: Tone; children: ReactNode }) {
  return <span className={cx(css.badge, css[tone])}>{children}</span>;
}
