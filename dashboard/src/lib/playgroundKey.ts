// The API key that the playground sends with: in this tab's session storage at most, gone with the
// tab, at sign-out, or when it expires. Never in localStorage, never in an address.
import { useCallback, useState } from 'react';

export type PlaygroundKey = {
  secret: string;
  /** Of one that was made here; null for one that was pasted. */
  made: { id: string; project: string; expiresAt: string } | null;
};

const PREFIX = 'doteb.playground.key.';

function stored(place: string): PlaygroundKey | null {
  try {
    const key = JSON.parse(
      sessionStorage.getItem(PREFIX + place) ?? 'null',
    ) as PlaygroundKey | null;
    return key && (!key.made || Date.parse(key.made.expiresAt) > Date.now()) ? key : null;
  } catch {
    return null; // storage may be off
  }
}

/** `place` is whose key it is: person and organisation. */
export function usePlaygroundKey(place: string) {
  const [key, setKey] = useState(() => stored(place));
  const keep = useCallback(
    (next: PlaygroundKey | null) => {
      setKey(next);
      try {
        if (next) sessionStorage.setItem(PREFIX + place, JSON.stringify(next));
        else sessionStorage.removeItem(PREFIX + place);
      } catch {
        // Then it is kept as long as the page is.
      }
    },
    [place],
  );
  return [key, keep] as const;
}

export function forgetPlaygroundKeys(): void {
  try {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith(PREFIX)) sessionStorage.removeItem(name);
    }
  } catch {
    // Storage may be off.
  }
}
