// How money, tokens, durations, shares and times look, everywhere. Short forms for reading; the
// exact forms are shown on hover and copied on click.

const grouped = new Intl.NumberFormat('en-US');

export const NONE = '–';

/** Two significant digits below a dollar, two decimals above: $0.0042, $0.42, $1,204.50. */
export function money(value: string | number): string {
  const usd = Number(value);
  if (!Number.isFinite(usd)) return NONE;
  if (usd === 0) return '$0';
  const size = Math.abs(usd);
  const decimals = size >= 1 ? 2 : Math.min(12, Math.max(2, 1 - Math.floor(Math.log10(size))));
  return dollars(usd.toFixed(decimals), decimals > 2);
}

/** All digits of a decimal string, at least two after the point. */
export function moneyExact(value: string): string {
  return dollars(value.includes('.') ? value : `${value}.00`, true);
}

/** A price per unit as a price per million units, exactly: 0.00000175 is $1.75. */
export function perMillion(price: string): string {
  const [whole = '0', fraction = ''] = price.split('.');
  const padded = fraction.padEnd(6, '0');
  return moneyExact(`${BigInt(whole + padded.slice(0, 6))}.${padded.slice(6) || '0'}`);
}

function dollars(decimal: string, trim: boolean): string {
  const negative = decimal.startsWith('-');
  const [whole = '0', fraction = ''] = decimal.replace('-', '').split('.');
  const digits = trim ? fraction.replace(/0+$/, '').padEnd(2, '0') : fraction;
  return `${negative ? '-' : ''}$${grouped.format(BigInt(whole))}.${digits}`;
}

/** 847, 1.2k, 12.4k, 124k, 3.1M, 2.4B, 1.8T. */
export function tokens(n: number): string {
  if (n < 1000) return String(n);
  for (const [unit, size] of [
    ['k', 1e3],
    ['M', 1e6],
    ['B', 1e9],
    ['T', 1e12],
  ] as const) {
    const short = n / size;
    if (short >= 999.5 && unit !== 'T') continue;
    return `${short < 99.95 ? short.toFixed(1).replace(/\.0$/, '') : short.toFixed(0)}${unit}`;
  }
  return grouped.format(n);
}

/** A count in full up to 99,999, then as tokens. */
export function count(n: number): string {
  return n < 100_000 ? grouped.format(n) : tokens(n);
}

export function countExact(n: number, unit: string): string {
  return `${grouped.format(n)} ${unit}${n === 1 ? '' : 's'}`;
}

/** 312 µs, 4.2 ms, 842 ms, 2.14 s, 12.4 s, 2 m 05 s, 1 h 04 m. */
export function duration(ms: number): string {
  if (ms < 0.9995) return `${Math.round(ms * 1000)} µs`;
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const s = ms / 1000;
  if (s < 9.995) return `${s.toFixed(2)} s`;
  if (s < 59.95) return `${s.toFixed(1)} s`;
  const two = (n: number) => String(n).padStart(2, '0');
  const whole = Math.round(s);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${two(whole % 60)} s`;
  const minutes = Math.round(s / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`;
}

export function durationExact(ms: number): string {
  return `${grouped.format(Number(ms.toFixed(3)))} ms`;
}

/** A share, never rounded up to all nor down to nothing: 99.95% of 1,000,000 stays under 100%. */
export function share(part: number, whole: number): string {
  if (whole === 0) return NONE;
  if (part === whole) return '100%';
  const percent = (part / whole) * 100;
  if (percent > 99) return `${(Math.floor(percent * 100) / 100).toFixed(2).replace(/0$/, '')}%`;
  if (percent > 0 && percent < 0.1) return '<0.1%';
  return `${percent.toFixed(1).replace(/\.0$/, '')}%`;
}

/** Kept on one line: a number and its unit. */
export const unbroken = (text: string): string => text.replaceAll(' ', '\u00a0');

const list = new Intl.ListFormat('en-GB');

/** OpenAI, Azure and Groq. */
export const listed = (words: string[]): string => list.format(words);

const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const day = new Intl.DateTimeFormat('en-US', { month: 'short', day: 'numeric' });
const dayAndYear = new Intl.DateTimeFormat('en-US', { dateStyle: 'medium' });

/** The clock today, day and clock this year, else the date. */
export function when(iso: string, now = new Date()): string {
  const at = new Date(iso);
  if (at.toDateString() === now.toDateString()) return clock.format(at);
  if (at.getFullYear() === now.getFullYear()) return `${day.format(at)} ${clock.format(at)}`;
  return dayAndYear.format(at);
}

const shortClock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });

/** Since when: 10:42 today, day and clock this year, else the date. */
export function since(iso: string, now = new Date()): string {
  const at = new Date(iso);
  if (at.toDateString() === now.toDateString()) return shortClock.format(at);
  if (at.getFullYear() === now.getFullYear()) return `${day.format(at)}, ${shortClock.format(at)}`;
  return dayAndYear.format(at);
}

export function date(iso: string): string {
  return dayAndYear.format(new Date(iso));
}

/** Local time to the millisecond with its offset, then UTC. */
export function whenExact(iso: string): string {
  const at = new Date(iso);
  const offset = -at.getTimezoneOffset();
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
  const local = new Date(at.getTime() + offset * 60_000).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 23)} ${zone}  (${iso})`;
}

/** just now, 3 min ago, 2 h ago, 5 d ago, then the date; times to come as "in 3 d". */
export function ago(iso: string, now = new Date()): string {
  const ms = now.getTime() - new Date(iso).getTime();
  const minutes = Math.floor(Math.abs(ms) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes >= 60 * 24 * 30) return date(iso);
  const text =
    minutes < 60
      ? `${minutes} min`
      : minutes < 60 * 24
        ? `${Math.floor(minutes / 60)} h`
        : `${Math.floor(minutes / 60 / 24)} d`;
  return ms < 0 ? `in ${text}` : `${text} ago`;
}
