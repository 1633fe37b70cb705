/** How long a secret may live, in days; 0: without an end. */
export const LIFETIMES = [
  { value: 0, label: 'Never' },
  { value: 30, label: 'In 30 days' },
  { value: 90, label: 'In 90 days' },
  { value: 365, label: 'In a year' },
];

/** The same with another one among them, if it is none of these. */
export const lifetimesWith = (days: number) =>
  LIFETIMES.some(({ value }) => value === days)
    ? LIFETIMES
    : [...LIFETIMES, { value: days, label: `In ${days} days` }];

/** The end that the API takes. */
export const endIn = (days: number): string | null =>
  days ? new Date(Date.now() + days * 86_400_000).toISOString() : null;
