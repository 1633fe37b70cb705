// Passkeys: the API's options to the browser, and the browser's answers to the API. Loaded only when
// somebody uses one.
import { queryOptions } from '@tanstack/react-query';
import { api, CSRF, read } from './client';
import type { components } from './schema';

type Schemas = components['schemas'];
export type Passkey = Schemas['Passkey'];

export const passkeysQuery = queryOptions({
  queryKey: ['account', 'passkeys'],
  queryFn: ({ signal }) => read(api.GET('/api/v1/account/passkeys', { signal })),
});

function bytes(text: string): ArrayBuffer {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0)).buffer;
}

function text(buffer: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
  return btoa(plain).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

const descriptors = (list: Schemas['PasskeyDescriptors']) =>
  list.map(({ type, id }) => ({ type, id: bytes(id) }));

const CAUSES: Record<string, string> = {
  NotAllowedError: 'It was cancelled, it took too long, or there is no passkey here.',
  InvalidStateError: 'This device has a passkey of your account already.',
  SecurityError: 'The browser gives no passkeys to this address.',
  NotSupportedError: 'This device cannot make such passkeys.',
};

/** What the browser says, in words; its own texts are for developers. */
async function asked(answer: Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    return (await answer) as PublicKeyCredential;
  } catch (cause) {
    const name = cause instanceof DOMException ? cause.name : '';
    throw new Error(CAUSES[name] ?? 'The browser could not use a passkey.');
  }
}

/** Asks for the password's proof and the device's, and adds what it made. */
export async function addPasskey(name: string, password: string): Promise<Passkey> {
  const { challenge, user, excludeCredentials, ...options } = await read(
    api.POST('/api/v1/account/passkeys/begin', { params: CSRF, body: { password } }),
  );
  const made = await asked(
    navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: bytes(challenge),
        user: { ...user, id: bytes(user.id) },
        excludeCredentials: descriptors(excludeCredentials),
      },
    }),
  );
  const response = made.response as AuthenticatorAttestationResponse;
  return read(
    api.POST('/api/v1/account/passkeys', {
      params: CSRF,
      body: {
        name,
        client_data: text(response.clientDataJSON),
        authenticator_data: text(response.getAuthenticatorData()),
      },
    }),
  );
}

/** The browser's request for the API's question. */
async function question(secondStep: boolean, signal?: AbortSignal) {
  const { challenge, allowCredentials, ...options } = await read(
    api.POST('/api/v1/session/passkey/begin', {
      body: { second_step: secondStep },
      ...(signal && { signal }),
    }),
  );
  return {
    ...options,
    challenge: bytes(challenge),
    allowCredentials: descriptors(allowCredentials),
  };
}

function enter(given: PublicKeyCredential): Promise<Schemas['Session']> {
  const response = given.response as AuthenticatorAssertionResponse;
  return read(
    api.POST('/api/v1/session/passkey', {
      body: {
        id: text(given.rawId),
        client_data: text(response.clientDataJSON),
        authenticator_data: text(response.authenticatorData),
        signature: text(response.signature),
        ...(response.userHandle && { user_handle: text(response.userHandle) }),
      },
    }),
  );
}

/** Signs in: alone, or as the second step after the password. */
export async function signInWithPasskey(secondStep: boolean): Promise<Schemas['Session']> {
  const publicKey = await question(secondStep);
  return enter(await asked(navigator.credentials.get({ publicKey })));
}

/** A challenge is good for five minutes; the offer of a page that stands open is made anew. */
const RENEW_MS = 4 * 60_000;

/** The answer to one offer; null: it is too old by now. */
async function offered(signal: AbortSignal): Promise<PublicKeyCredential | null> {
  const publicKey = await question(false, signal);
  const turn = new AbortController();
  const end = () => turn.abort();
  const timer = setTimeout(end, RENEW_MS);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  try {
    return (await navigator.credentials.get({
      publicKey,
      mediation: 'conditional',
      signal: turn.signal,
    })) as PublicKeyCredential;
  } catch (cause) {
    if (turn.signal.aborted) return null;
    throw cause;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

/** Resolves when somebody looks at the page. */
function seen(): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener('visibilitychange', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    look();
  });
}

/** Offers passkeys where the browser fills in the name, if it can, until one is chosen or `signal`
 * says that it is enough. Null: none was chosen. Throws only what is wrong with a chosen one: who
 * has not asked for a passkey need not hear why there is none. */
export async function offerPasskeys(signal: AbortSignal): Promise<Schemas['Session'] | null> {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return null;
  while (!signal.aborted) {
    await seen();
    const given = await offered(signal).catch(() => undefined);
    if (given === undefined) return null;
    if (given && !signal.aborted) return enter(given);
  }
  return null;
}
