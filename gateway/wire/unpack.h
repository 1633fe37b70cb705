/* Compressed request bodies, whole in memory: gzip and zstd. Pure; sizes are capped by the output
 * buffer and by whoever grants each piece. */
#ifndef DOTEB_WIRE_UNPACK_H
#define DOTEB_WIRE_UNPACK_H

#include "common/buf.h"
#include "common/defs.h"
#include "common/str.h"

enum unpack_coding { UNPACK_NONE, UNPACK_GZIP, UNPACK_ZSTD };

enum unpack_result {
    UNPACK_OK,
    UNPACK_BROKEN,  /* not of that format, or cut */
    UNPACK_TOO_BIG, /* beyond the output's cap */
    UNPACK_NO_ROOM, /* `grant` said no */
};

/* By a Content-Encoding value ("gzip", "x-gzip", "zstd", "identity", ""); false: another one. */
MUST_USE bool unpack_find(struct str value, enum unpack_coding *out);
/* Appends what `in` unpacks to; `grant(arg, n)` is asked before each piece of n bytes. */
MUST_USE enum unpack_result unpack_all(enum unpack_coding coding, struct str in, struct buf *out,
                                       bool (*grant)(void *arg, size_t bytes), void *arg);

#endif
