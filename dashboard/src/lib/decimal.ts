// Decimal strings, exactly: money never passes through a float.

/** The value times ten to the power of `places`, as the shortest decimal; undefined if it is none. */
export function shift(value: string, places: number): string | undefined {
  const text = value.trim();
  if (!/^(\d+\.?\d*|\.\d+)$/.test(text)) return undefined;
  const [whole = '', fraction = ''] = text.split('.');
  const point = whole.length + places;
  const digits = (whole + fraction).padStart(
    whole.length + fraction.length - Math.min(point, 0),
    '0',
  );
  const at = Math.max(point, 0);
  const padded = digits.padEnd(at, '0');
  const left = padded.slice(0, at).replace(/^0+(?=\d)/, '') || '0';
  const right = padded.slice(at).replace(/0+$/, '');
  return right ? `${left}.${right}` : left;
}
