/* How a provider wants to be authenticated. Pure: secret in, request header line out. */
#ifndef DOTEB_SIGN_SIGN_H
#define DOTEB_SIGN_SIGN_H

#include "common/defs.h"
#include "common/str.h"

/* Bytes that a line needs at most, the NUL included. */
size_t sign_line_bytes(struct str header, struct str secret);
/* "authorization: Bearer SECRET" into `out`, NUL-terminated. The caller wipes it. */
void sign_bearer(struct str secret, char *out);
/* "HEADER: SECRET". */
void sign_header(struct str header, struct str secret, char *out);

#endif
