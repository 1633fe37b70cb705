import css from './Skeleton.module.css';

/** A grey bar where text will be; `width` in percent of its place. */
export function Skeleton({ width = 100 }: { width?: number }) {
  return <span className={css.bar} style={{ width: `${width}%` }} aria-hidden="true" />;
}
