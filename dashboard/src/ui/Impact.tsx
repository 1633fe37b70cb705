import type { ReactNode } from 'react';
import css from './Impact.module.css';

/** What an action will hit, said before it is done. */
export function Impact({ facts }: { facts: [name: string, value: ReactNode][] }) {
  return (
    <dl className={css.impact}>
      {facts.map(([name, value]) => (
        <div key={name} className={css.fact}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
