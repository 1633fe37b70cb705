import { Check } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import css from './Toasts.module.css';

// One message at a time, said to screen readers too. Only for what is done, never for errors:
// those stay where they happened.
type Toast = { id: number; text: string };
let current: Toast | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

function show(toast: Toast | null): void {
  current = toast;
  for (const listener of listeners) listener();
}

export function toast(text: string): void {
  clearTimeout(timer);
  show({ id: Date.now(), text });
  timer = setTimeout(() => show(null), 4000);
}

export function Toasts() {
  const now = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
  return (
    <div className={css.place} role="status">
      {now && (
        <div key={now.id} className={css.toast}>
          <Check size={15} /> {now.text}
        </div>
      )}
    </div>
  );
}
