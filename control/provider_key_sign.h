/* How a provider's secret goes into a request: header lines, a signature, or the form that asks for
 * a token. The gateway's signers do it (gateway/sign/). Job threads. All of it is in the arena,
 * wiped with it.
 */
#ifndef DOTEB_CONTROL_PROVIDER_KEY_SIGN_H
#define DOTEB_CONTROL_PROVIDER_KEY_SIGN_H

#include "common/arena.h"
#include "common/str.h"

enum provider_signer { PROVIDER_BEARER, PROVIDER_HEADER, PROVIDER_SIGV4, PROVIDER_GCP };

/* Which of a catalogue row's signers ("sigv4 | bearer") a secret is for; `*header` is the name of
 * PROVIDER_HEADER's. */
enum provider_signer provider_signer_of(struct str signers, struct str secret, struct str *header);
/* "authorization: Bearer SECRET", or "HEADER: SECRET". */
const char *provider_sign_line(struct arena *a, struct str header, struct str secret);

enum { PROVIDER_SIGNED_MAX = 3 };

/* Lines that sign a request without headers of its own for Bedrock in `region`; their number, 0: it
 * cannot be signed, `*why` says why (static). */
size_t provider_sign_sigv4(struct arena *a, const char *method, struct str url, struct str body,
                           struct str region, struct str secret,
                           const char *lines[PROVIDER_SIGNED_MAX], const char **why);

/* The form that asks the token service at `*url` (the account's; `token_url` of a test's, if it is
 * not "") for a token. STR_NULL: the account is none, `*why` says why (static). */
struct str provider_sign_token_form(struct arena *a, struct str account, struct str token_url,
                                    struct str *url, const char **why);

#endif
