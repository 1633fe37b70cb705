import { useSyncExternalStore } from 'react';

const narrow = matchMedia('(width < 768px)');

/** Below 768 px tables are cards and the rail is a bar; the CSS says the same. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      narrow.addEventListener('change', changed);
      return () => narrow.removeEventListener('change', changed);
    },
    () => narrow.matches,
  );
}
