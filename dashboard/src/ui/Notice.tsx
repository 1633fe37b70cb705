import { CircleAlert, Inbox, RefreshCw, RotateCw, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiError, isChanged } from '@/api/client';
import type { Draft } from '@/lib/useDraft';
import { Button } from './Button';
import { cx } from './cx';
import css from './Notice.module.css';

/** Why a list could not be had, and the way to try again. */
export function Failed({ error, retry }: { error: Error; retry: () => void }) {
  const away = error instanceof ApiError && (error.status === 0 || error.status === 503);
  return (
    <div className={css.notice} role="alert">
      <CircleAlert size={22} className={css.bad} />
      <h2 className={css.title}>{away ? 'No answer for now' : 'This could not be loaded'}</h2>
      <p className={css.text}>{error.message}</p>
      <Button onClick={retry}>
        <RotateCw size={14} /> Try again
      </Button>
    </div>
  );
}

/** What a list would show, and the one action that fills it. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={css.notice}>
      <Inbox size={22} className={css.quiet} />
      <h2 className={css.title}>{title}</h2>
      <p className={css.text}>{children}</p>
      {action}
    </div>
  );
}

/** An error of a form, above its buttons. */
export function FormError({ error }: { error: Error | null }) {
  if (!error) return null;
  return (
    <p className={css.form} role="alert">
      <TriangleAlert size={15} />{' '}
      <span>
        {isChanged(error)
          ? 'Someone else changed this meanwhile. You see it as it is now: look it over, then do it again.'
          : error.message}
      </span>
    </p>
  );
}

/**
 * In a form whose thing somebody else changed meanwhile. `shown` says how what both changed stands
 * now, by field.
 */
export function ChangedMeanwhile<T>({
  draft,
  shown,
}: {
  draft: Draft<T>;
  shown: { [name in keyof T]: [label: string, now: string] };
}) {
  if (!draft.moved) return null;
  return (
    <div className={cx(css.form, css.changed)} role="alert">
      <RefreshCw size={15} />
      <div>
        <p>
          Someone else changed this meanwhile. What you typed is kept, the rest is as it stands now.
          Look it over, then save again.
        </p>
        {draft.both.map((name) => (
          <p key={String(name)}>
            {shown[name][0]}, which you changed too, is now <strong>{shown[name][1]}</strong>.
            Saving replaces it.
          </p>
        ))}
      </div>
    </div>
  );
}
