/* AWS credentials as they are kept in a provider key: a bearer API key as it is, or the JSON object
 * {"access_key_id", "secret_access_key", "session_token"?}. Pure.
 */
#ifndef DOTEB_SIGN_SIGV4_KEY_H
#define DOTEB_SIGN_SIGV4_KEY_H

#include "gateway/sign/sigv4.h"

/* Is the credential a key pair, not a bearer key? */
bool sigv4_key_is_pair(struct str credential);
/* Reads a pair into the arena, wiped with it. NULL if fine, else what is wrong (static, with
 * nothing of the credential in it). */
MUST_USE const char *sigv4_key_read(struct str credential, struct arena *a, struct sigv4_key *out);

#endif
