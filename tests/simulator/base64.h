/* Base64 with padding, as every provider's JSON carries bytes. */
#ifndef DOTEB_SIM_BASE64_H
#define DOTEB_SIM_BASE64_H

#include "common/buf.h"

void base64_add(struct buf *b, struct str bytes);
/* Writes the digits of `n` bytes (4 for each 3 begun) without a NUL; returns their end. */
char *base64_write(char *to, const unsigned char *p, size_t n);
/* Decodes into `to`; false unless `s` is padded base64 of exactly `n` bytes. */
MUST_USE bool base64_read(unsigned char *to, size_t n, struct str s);

#endif
