// Which of the six series colours a thing has: the same in every chart and after a reload, as far as no
// chart shows two things in one colour.
export const SERIES = 6;
const KEY = 'doteb.colours';

let known: Record<string, number> | undefined;

function memory(): Record<string, number> {
  if (known) return known;
  known = {};
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    for (const [name, n] of Object.entries(stored ?? {})) {
      if (Number.isInteger(n) && n >= 1 && n <= SERIES) known[name] = n;
    }
  } catch {
    // Storage may be off, or hold something else.
  }
  return known;
}

/** A colour from 1 for each key, in the order of the keys. What is beyond six shares. */
export function coloursOf(kind: string, keys: readonly string[]): number[] {
  const before = memory();
  const taken = new Set<number>();
  const chosen = new Map<string, number>();
  // Those that have a colour keep it; the greater one keeps it where two have the same.
  for (const key of keys) {
    const old = before[`${kind}/${key}`];
    if (old && !taken.has(old)) {
      taken.add(old);
      chosen.set(key, old);
    }
  }
  const free = Array.from({ length: SERIES }, (_, i) => i + 1).filter((n) => !taken.has(n));
  let shared = 0;
  for (const key of keys) {
    if (chosen.has(key)) continue;
    const colour = free.shift() ?? (shared++ % SERIES) + 1;
    chosen.set(key, colour);
    before[`${kind}/${key}`] ??= colour;
  }
  try {
    localStorage.setItem(
      KEY,
      JSON.stringify(Object.fromEntries(Object.entries(before).slice(-200))),
    );
  } catch {
    // Storage may be off.
  }
  return keys.map((key) => chosen.get(key) ?? 1);
}
