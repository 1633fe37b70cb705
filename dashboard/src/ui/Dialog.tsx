import * as D from '@radix-ui/react-dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { IconButton } from './Button';
import css from './Dialog.module.css';

/**
 * A modal dialog. `locked` keeps a click outside and Escape from closing it: for what is shown
 * once. The scrim is ours: Radix's overlay injects a style element, which the CSP forbids.
 */
export function Dialog({
  title,
  description,
  onClose,
  locked = false,
  children,
}: {
  title: string;
  description?: ReactNode;
  onClose: () => void;
  locked?: boolean;
  children: ReactNode;
}) {
  const hold = (event: Event) => {
    if (locked) event.preventDefault();
  };
  return (
    <D.Root open onOpenChange={(open) => !open && onClose()}>
      <D.Portal>
        <div className={css.scrim} data-modal="">
          <D.Content
            className={css.dialog}
            // A field takes the focus by itself; else the dialog does, not its close button.
            onOpenAutoFocus={(event) => {
              event.preventDefault();
              (event.currentTarget as HTMLElement).focus();
            }}
            onEscapeKeyDown={hold}
            onInteractOutside={hold}
            {...(description ? {} : { 'aria-describedby': undefined })}
          >
            <div className={css.head}>
              <D.Title className={css.title}>{title}</D.Title>
              {!locked && (
                <D.Close asChild>
                  <IconButton label="Close" size="small">
                    <X size={16} />
                  </IconButton>
                </D.Close>
              )}
            </div>
            {description && <D.Description className={css.text}>{description}</D.Description>}
            {children}
          </D.Content>
        </div>
      </D.Portal>
    </D.Root>
  );
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={css.actions}>{children}</div>;
}
