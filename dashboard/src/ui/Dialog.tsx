import * as D from '@radix-ui/react-dialog';
import { X } from 'lucide-react';
import { type ReactNode, useCallback, useState } from 'react';
import { IconButton } from './Button';
import css from './Dialog.module.css';

type Origin = HTMLElement | null;

/** Of each dialog that is open, what had the focus before it, and what had it before that. */
const origins = new WeakMap<Element, Origin[]>();

/** The modal dialog in front. */
const topmost = () =>
  [
    ...document.querySelectorAll<HTMLElement>(
      '[data-modal] [role=dialog], [role=dialog][data-modal]',
    ),
  ].at(-1);

/**
 * What has the focus; of an item of a menu, which goes, what opens the menu. A dialog in which it
 * is may be replaced by the one that opens: then what had the focus before that one is next.
 */
function focused(): Origin[] {
  const active = document.activeElement as Origin;
  const menu = active?.closest('[role=menu]')?.getAttribute('aria-labelledby');
  const lost = !active || active === document.body; // as of a button that was disabled
  const dialog = lost ? topmost() : active.closest('[role=dialog]');
  return [
    lost ? null : menu ? document.getElementById(menu) : active,
    ...((dialog && origins.get(dialog)) ?? []),
  ];
}

/** Back to what had the focus, or to the dialog behind, else to the page's title, unless another has it. */
function giveBack(from: Origin[]) {
  if (document.activeElement && document.activeElement !== document.body) return;
  const behind = topmost();
  const known = from.find((one) => one?.isConnected && (!behind || behind.contains(one)));
  (known ?? behind ?? document.querySelector('h1'))?.focus();
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
  const box = useCallback(
    (element: HTMLElement | null) => {
      if (element) origins.set(element, from);
    },
    [from],
  );
  const hold = (event: Event) => {
    if (locked) event.preventDefault();
  };
  return (
    <D.Root open onOpenChange={(open) => !open && onClose()}>
      <D.Portal>
        <div className={css.scrim} data-modal="">
          <D.Content
            ref={box}
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
