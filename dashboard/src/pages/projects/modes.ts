import type { Organisation, ProjectMode } from '@/api/client';

/** Whose credentials a project's requests use. */
export const MODES: { value: ProjectMode; label: string }[] = [
  { value: 'hybrid', label: 'Own provider keys first, then credits' },
  { value: 'api-keys', label: 'Own provider keys only' },
  { value: 'credits', label: 'Credits only' },
];

export const modeName = (mode: ProjectMode) => MODES.find(({ value }) => value === mode)?.label;

type Keys = Pick<Organisation, 'is_operator' | 'platform_keys'>;

/** What a mode means to this organisation. */
export function modeHint(org: Keys, mode: ProjectMode): string {
  if (org.is_operator)
    return 'The provider keys of this organisation are the platform’s: in every mode it uses them.';
  if (mode === 'api-keys') return 'Own provider keys are billed to you by the provider.';
  if (org.platform_keys)
    return mode === 'credits'
      ? 'Credits are the platform’s provider keys, which the operator lends to this organisation. Its own keys and custom providers are not used.'
      : 'Own provider keys are billed to you by the provider. Behind them stand the platform’s, which the operator lends to this organisation.';
  return mode === 'credits'
    ? 'Credits are the platform’s provider keys, and they are not lent to this organisation: every request is refused (403, platform_keys_not_lent). Ask the operator of this instance to lend them.'
    : 'Own provider keys are billed to you by the provider. The platform’s are not lent to this organisation: until the operator does, only its own are used.';
}
