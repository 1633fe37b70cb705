/** What may be gone to after signing in: a path of this site, never an address elsewhere. Browsers read `\\` as `/`, and
 * leave out tabs and line ends wherever they stand. */
export function pathOfOurs(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /^\/(?!\/)[^\\\u0000-\u001f\u007f]*$/.test(value) ? value : undefined;
}
