import { useMemo, useSyncExternalStore } from 'react';

/** Below 768 px tables are cards and the rail is a bar; the CSS says the same. */
const NARROW = 768;

/** Whether the window is narrower than that. */
export function useNarrow(than = NARROW): boolean {
  const { subscribe, get } = useMemo(() => {
    const query = matchMedia(`(width < ${than}px)`);
    return {
      subscribe: (changed: () => void) => {
        query.addEventListener('change', changed);
        return () => query.removeEventListener('change', changed);
      },
      get: () => query.matches,
    };
  }, [than]);
  return useSyncExternalStore(subscribe, get);
}

/** Where a table of ten columns has no room beside the rail. */
export const MANY_COLUMNS = 1024;
