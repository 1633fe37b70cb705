// Cards of rows for lists that are short: what it is, facts beside it, what can be done.
import type { ReactNode } from 'react';
import { cx } from './cx';
import css from './List.module.css';
import { Skeleton } from './Skeleton';

/** Above a list: what it shows, and the action that adds to it. */
export function ListHead({ lead, children }: { lead?: ReactNode; children?: ReactNode }) {
  return (
    <div className={css.bar}>
      <div className={css.lead}>{lead}</div>
      {children}
    </div>
  );
}

export function List({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ul className={css.list} aria-label={label}>
      {children}
    </ul>
  );
}

export function ListRow({
  name,
  under,
  children,
}: {
  name: ReactNode;
  under?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <li className={css.row}>
      <div className={css.main}>
        <div className={css.name}>{name}</div>
        {under && <div className={css.under}>{under}</div>}
      </div>
      {children}
    </li>
  );
}

/** A fact of a row, in a column of its own where there is room. */
export function Fact({
  children,
  title,
  number = false,
}: {
  children: ReactNode;
  title?: string;
  number?: boolean;
}) {
  return (
    <span className={cx(css.fact, number && css.number)} title={title}>
      {children}
    </span>
  );
}

/** What can be done with a row, at its end: as wide in each row, however many there are. */
export function Actions({ room, children }: { room: 1 | 2; children?: ReactNode }) {
  return <div className={cx(css.actions, room === 2 && css.two)}>{children}</div>;
}

export function ListLoading() {
  return (
    <div className={css.list} aria-busy="true">
      <span className="visually-hidden" role="status">
        Loading
      </span>
      {[44, 32, 38].map((width) => (
        <div key={width} className={css.row}>
          <Skeleton width={width} />
        </div>
      ))}
    </div>
  );
}
