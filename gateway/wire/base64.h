/* Bytes as base64 (RFC 4648, 4), padded. Pure.
 */
#ifndef DOTEB_WIRE_BASE64_H
#define DOTEB_WIRE_BASE64_H

#include "common/buf.h"
#include "common/defs.h"

/* Characters that `n` bytes become. */
size_t base64_len(size_t n);
/* Appends them. Pieces follow each other if all but the last are multiples of three. False: the
 * buffer's cap. */
bool base64_add(struct buf *out, const void *bytes, size_t n);

#endif
