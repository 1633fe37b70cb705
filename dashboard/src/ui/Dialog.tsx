import * as D from '@radix-ui/react-dialog';
import { X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { IconButton } from './Button';
import css from './Dialog.module.css';

/** What has the focus; of an item of a menu, which goes, what opens the menu. */
function focused(): HTMLElement | null {
  const menu = document.activeElement?.closest('[role=menu]')?.getAttribute('aria-labelledby');
  return (menu ? document.getElementById(menu) : document.activeElement) as HTMLElement | null;
}

/** Back to what had the focus, or to the dialog behind if that is gone, unless another has it. */
function giveBack(from: HTMLElement | null) {
  if (document.activeElement && document.activeElement !== document.body) return;
  const behind = [...document.querySelectorAll<HTMLElement>('[role=dialog]')].at(-1);
  (from?.isConnected ? from : behind)?.focus();
}

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
  const [from] = useState(focused);
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
            // Radix knows only a trigger of its own.
            onCloseAutoFocus={(event) => {
              event.preventDefault();
              giveBack(from);
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
