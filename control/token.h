/* Random tokens for links: shown once, kept as their SHA-256. */
#ifndef DOTEB_CONTROL_TOKEN_H
#define DOTEB_CONTROL_TOKEN_H

#include "common/defs.h"
#include "common/str.h"

enum { TOKEN_TEXT_LEN = 43, TOKEN_HASH_BYTES = 32 };

/* 32 random bytes as base64url. The caller wipes it. */
void token_make(char out[TOKEN_TEXT_LEN + 1]);
void token_hash(struct str token, uint8_t out[TOKEN_HASH_BYTES]);

#endif
