// Prices as people say them: of a million where the unit is a token, of one of anything else.
import { moneyExact, perMillion } from '@/lib/format';

const NAMES: Record<string, string> = {
  input: 'Input',
  output: 'Output',
  cached_input: 'Cached input',
  cache_write_5m: 'Cache write, 5 min',
  cache_write_1h: 'Cache write, 1 h',
  reasoning: 'Reasoning',
  audio_input: 'Audio input',
  audio_output: 'Audio output',
  image_output: 'Image output',
  image_token_input: 'Image input tokens',
};

/** The kinds that a form asks for, whatever the offer has. */
export const USUAL = ['input', 'output', 'cached_input'];

export const isOfTokens = (kind: string) => kind in NAMES;

export const kindName = (kind: string) => NAMES[kind] ?? kind.replaceAll('_', ' ');

export const priceText = (kind: string, price: string) =>
  isOfTokens(kind) ? perMillion(price) : moneyExact(price);

/** The usual kinds first, then the others that any of the lists has. */
export function kindsOf(...lists: (Record<string, string> | null | undefined)[]): string[] {
  const all = new Set(USUAL);
  for (const list of lists) for (const kind of Object.keys(list ?? {})) all.add(kind);
  return [...all];
}
