// What is being edited in a form, held against what stands: when somebody else changes the thing
// meanwhile, what the person typed stays and the rest follows.
import { useState } from 'react';

export type Draft<T> = {
  value: T;
  set: (change: Partial<T>) => void;
  /** Somebody else changed it since the form was opened. */
  moved: boolean;
  /** Which of what the person changed somebody else changed, too. */
  both: (keyof T)[];
};

type State<T> = Omit<Draft<T>, 'set'> & { base: T; etag: string };

/** While `saving` nothing follows: one's own change is not somebody else's. */
export function useDraft<T extends object>(now: T, etag: string, saving: boolean): Draft<T> {
  const [state, setState] = useState<State<T>>({
    base: now,
    etag,
    value: now,
    moved: false,
    both: [],
  });
  let held = state;
  if (etag !== state.etag && !saving) {
    held = { ...rebase(state.base, state.value, now), base: now, etag, moved: true };
    setState(held);
  }
  return {
    value: held.value,
    moved: held.moved,
    both: held.both,
    set: (change) => setState((old) => ({ ...old, value: { ...old.value, ...change } })),
  };
}

export function rebase<T extends object>(
  base: T,
  typed: T,
  now: T,
): { value: T; both: (keyof T)[] } {
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  const names = Object.keys(now) as (keyof T)[];
  const own = names.filter((name) => !same(base[name], typed[name]));
  return {
    value: { ...now, ...Object.fromEntries(own.map((name) => [name, typed[name]])) },
    both: own.filter((name) => !same(base[name], now[name]) && !same(typed[name], now[name])),
  };
}
