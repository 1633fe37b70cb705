// The typed way to the control API. Types come from docs/openapi/control.yaml alone.
import createClient, { type Middleware } from 'openapi-fetch';
import type { components, paths } from './schema';

type Schemas = components['schemas'];
export type Session = Schemas['Session'];
export type Account = Schemas['Account'];
export type AccountDeletion = Schemas['AccountDeletion'];
export type Organisation = Session['organisations'][number];
export type ApiKey = Schemas['ApiKey'];
export type CreatedApiKey = Schemas['CreatedApiKey'];
export type SigningKey = Schemas['SigningKey'];
export type CreatedSigningKey = Schemas['CreatedSigningKey'];
export type Provider = Schemas['Provider'];
export type ProviderKey = Schemas['ProviderKey'];
export type NewProviderKey = Schemas['NewProviderKey'];
export type ProviderKeyCheck = Schemas['ProviderKeyCheck'];
export type ProviderOptions = Schemas['ProviderOptions'];
export type Request = Schemas['Request'];
export type RequestDetail = Schemas['RequestDetail'];
export type RequestList = Schemas['RequestList'];
export type Attempt = Schemas['Attempt'];
export type CostLine = Schemas['CostLine'];
export type Outcome = Schemas['Outcome'];
export type Usage = Schemas['Usage'];
export type Role = Schemas['Role'];
export type OrganisationDetail = Schemas['OrganisationDetail'];
export type Member = Schemas['Member'];
export type Invitation = Schemas['Invitation'];
export type CreatedInvitation = Schemas['CreatedInvitation'];
export type Project = Schemas['Project'];
export type ProjectMode = Schemas['ProjectMode'];
export type AuditEntry = Schemas['AuditEntry'];

/** A problem (RFC 9457) as an Error; status 0 when control could not be reached at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly field?: string,
    readonly retryAfter?: string,
    /** The problem's URN. */
    readonly type?: string,
  ) {
    super(message);
  }
}

/** Refused because somebody else changed it since it was read. */
export const isChanged = (error: unknown): boolean =>
  error instanceof ApiError && error.type === 'urn:doteb:problem:changed';

let csrfToken = '';

export function setCsrfToken(token: string): void {
  csrfToken = token;
}

const csrf: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET' && csrfToken) request.headers.set('X-CSRF-Token', csrfToken);
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: location.origin });
api.use(csrf);

// The header is set by the middleware; the generated types ask each caller for it.
export const CSRF = { header: { 'X-CSRF-Token': '' } };

/** The same for a change of what was read with this etag: refused if somebody changed it since. */
export const ifMatch = (etag: string) => ({
  header: { ...CSRF.header, 'If-Match': etag },
});

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of a call, or an ApiError thrown. */
export async function read<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, 'The control daemon did not answer. Is it running?');
  }
  const { data, error, response } = answer;
  if (response.ok) return data as T;
  const problem = (typeof error === 'object' && error ? error : {}) as Partial<Schemas['Problem']>;
  throw new ApiError(
    response.status,
    problem.detail ?? `The control daemon answered ${response.status}.`,
    problem.field,
    response.headers.get('Retry-After') ?? undefined,
    problem.type,
  );
}
