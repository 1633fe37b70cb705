import type { ProjectMode } from '@/api/client';

/** Whose credentials a project's requests use. */
export const MODES: { value: ProjectMode; label: string }[] = [
  { value: 'hybrid', label: 'Own provider keys first, then credits' },
  { value: 'api-keys', label: 'Own provider keys only' },
  { value: 'credits', label: 'Credits only' },
];

export const modeName = (mode: ProjectMode) => MODES.find(({ value }) => value === mode)?.label;
