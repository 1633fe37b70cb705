/* Passkeys of people: what a device is asked, and judging what it answers. Each writes the refusal
 * to the call's reply and answers false.
 */
#ifndef DOTEB_CONTROL_PASSKEY_H
#define DOTEB_CONTROL_PASSKEY_H

#include "control/call.h"
#include "control/store/passkey_store.h"

/* May this instance's pages have passkeys (DOTEB_PUBLIC_URL)? */
MUST_USE bool passkey_possible(struct call *c);
/* The word of GET /instance for it. */
const char *passkey_state(const struct app *app);
/* Asks for a new passkey of the person signed in: the options for the browser are the answer. */
MUST_USE bool passkey_begin_add(struct call *c);
/* Asks for a signature: of anybody's (`user` NULL, to sign in), or of one of the person's, as their
 * second step. The options are the answer. */
MUST_USE bool passkey_begin_sign(struct call *c, const struct uuid *user);

/* base64url from the body, as it came. */
struct passkey_answer {
    struct str id, client_data, auth_data, signature, user_handle;
};

/* A new credential, and the challenge it answers is the session's. */
MUST_USE bool passkey_finish_add(struct call *c, const struct passkey_answer *a,
                                 struct webauthn_credential *out);
/* A signature of a passkey: of anybody's with their finger, face or PIN, or, as the second step, of
 * one of the person's whose half session the cookie is, just as it was asked for. */
MUST_USE bool passkey_finish_sign(struct call *c, const struct passkey_answer *a,
                                  struct passkey_found *out);

#endif
