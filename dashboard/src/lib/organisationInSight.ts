// Which organisation the pages are about: the address says it, or else what was looked at last. The
// session is asked for with it, since of very many organisations it shows some only.
const KEY = 'doteb.organisation';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Where a navigation leads that is not in the address yet. */
let ahead: string | undefined;

export function lookAt(id: string): void {
  ahead = id;
}

export function rememberedId(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage may be off
  }
}

export function rememberOrganisation(id: string): void {
  try {
    localStorage.setItem(KEY, id);
  } catch {
    // Storage may be off.
  }
}

export function organisationInSight(): string | undefined {
  const [, o, named] = location.pathname.split('/');
  const id = ahead ?? (o === 'o' ? named : undefined) ?? rememberedId() ?? '';
  return UUID.test(id) ? id : undefined;
}
