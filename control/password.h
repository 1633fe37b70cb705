/* Passwords: Argon2id by libsodium. Slow on purpose (some 0.7 s and 256 MB a guess): job threads or
 * the command line only.
 */
#ifndef DOTEB_CONTROL_PASSWORD_H
#define DOTEB_CONTROL_PASSWORD_H

#include "common/defs.h"
#include "common/str.h"

enum { PASSWORD_HASH_BYTES = 128, PASSWORD_MIN = 8, PASSWORD_MAX = 1024, PASSWORD_MADE_LEN = 24 };

/* The hash of a password that nobody knows: verify against it for an unknown user, so that the
 * answer takes as long as for a known one. False if there is not enough memory. */
MUST_USE bool password_nobody(char out[PASSWORD_HASH_BYTES]);

/* Why it cannot be chosen, to follow "the password: " or a field's name; NULL if it can. */
const char *password_fault(struct str password);
/* False if there is not enough memory. */
MUST_USE bool password_hash(struct str password, char out[PASSWORD_HASH_BYTES]);
MUST_USE bool password_verify(const char hash[PASSWORD_HASH_BYTES], struct str password);
/* Random, letters and digits. The caller wipes it. */
void password_make(char out[PASSWORD_MADE_LEN + 1]);

#endif
