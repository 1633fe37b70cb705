import { CircleAlert, Inbox, RotateCw, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiError } from '@/api/client';
import { Button } from './Button';
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
      <TriangleAlert size={15} /> <span>{error.message}</span>
    </p>
  );
}
