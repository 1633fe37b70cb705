// A user agent as people say it: "Firefox on Linux". The first that fits; order matters, since
// browsers name each other.
const PROGRAMS: [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bVersion\/[\d.]+.* Safari\//, 'Safari'],
];
const SYSTEMS: [RegExp, string][] = [
  [/\b(iPhone|iPad)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

export function agentName(agent: string): string {
  const of = (table: [RegExp, string][]) => table.find(([pattern]) => pattern.test(agent))?.[1];
  const program = of(PROGRAMS) ?? /^[\w.-]+/.exec(agent.replace(/^Mozilla\/\S+ */, ''))?.[0];
  const system = of(SYSTEMS);
  if (!program) return system ?? 'Unknown program';
  return system ? `${program} on ${system}` : program;
}
