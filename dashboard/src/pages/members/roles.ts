import type { Role } from '@/api/client';

/** Least first. */
export const ROLES: { value: Role; label: string; may: string }[] = [
  { value: 'viewer', label: 'Viewer', may: 'Sees everything but the audit log, changes nothing' },
  { value: 'developer', label: 'Developer', may: 'Makes API keys, and revokes their own' },
  { value: 'admin', label: 'Admin', may: 'Manages keys, projects and members' },
  { value: 'owner', label: 'Owner', may: 'All of that, and archives the organisation' },
];

const rank = (role: Role) => ROLES.findIndex(({ value }) => value === role);

export const atMost = (role: Role, limit: Role) => rank(role) <= rank(limit);

/** Those that somebody of that role may give. */
export const rolesUpTo = (limit: Role) => ROLES.filter(({ value }) => atMost(value, limit));

export const roleName = (role: Role) => ROLES[rank(role)]?.label ?? role;
