// Whose provider keys a project's requests may use, as the gateways judge it.
import type { Organisation, ProjectMode } from '@/api/client';

type Keys = Pick<Organisation, 'is_operator' | 'platform_keys'>;

/** The operator's own organisation has the platform's keys for its own. */
export const usesOwn = (org: Keys, mode: ProjectMode) => mode !== 'credits' || org.is_operator;
export const usesPlatform = (org: Keys, mode: ProjectMode) =>
  mode !== 'api-keys' && org.platform_keys && !org.is_operator;

/** No key is left: 403, platform_keys_not_lent. */
export const isRefused = (org: Keys, mode: ProjectMode) =>
  !usesOwn(org, mode) && !usesPlatform(org, mode);
