/* Unpacks bodies by zlib and libzstd. The worker's thread; the libraries' own state dies with each
 * call. */
#include "gateway/wire/unpack.h"

#include <limits.h>
#include <zlib.h>
#include <zstd.h>

enum { PIECE_BYTES = 64 * 1024, GZIP_ONLY = 16 /* added to zlib's window bits */ };

bool unpack_find(struct str value, enum unpack_coding *out)
{
    static const struct {
        struct str word;
        enum unpack_coding coding;
    } words[] = {
        {{"", 0}, UNPACK_NONE},       {{"identity", 8}, UNPACK_NONE}, {{"gzip", 4}, UNPACK_GZIP},
        {{"x-gzip", 6}, UNPACK_GZIP}, {{"zstd", 4}, UNPACK_ZSTD},
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (!str_ieq(str_trim(value), words[i].word))
            continue;
        *out = words[i].coding;
        return true;
    }
    return false;
}

struct sink {
    struct buf *out;
    bool (*grant)(void *arg, size_t bytes);
    void *arg;
};

static enum unpack_result add(struct sink *s, const char *p, size_t n)
{
    if (n == 0)
        return UNPACK_OK;
    if (!s->grant(s->arg, n))
        return UNPACK_NO_ROOM;
    return buf_add(s->out, p, n) ? UNPACK_OK : UNPACK_TOO_BIG;
}

static enum unpack_result gunzip(struct str in, struct sink *s)
{
    z_stream z = {0};
    char piece[PIECE_BYTES];
    enum unpack_result result = UNPACK_OK;
    int rc = Z_OK;
    if (in.len > UINT_MAX || inflateInit2(&z, MAX_WBITS + GZIP_ONLY) != Z_OK)
        return UNPACK_BROKEN;
    z.next_in = (unsigned char *)(uintptr_t)in.p;
    z.avail_in = (unsigned)in.len;
    while (result == UNPACK_OK && rc == Z_OK) {
        z.next_out = (unsigned char *)piece;
        z.avail_out = sizeof piece;
        rc = inflate(&z, Z_NO_FLUSH);
        if (rc != Z_OK && rc != Z_STREAM_END)
            result = UNPACK_BROKEN;
        else
            result = add(s, piece, sizeof piece - z.avail_out);
    }
    bool whole = rc == Z_STREAM_END && z.avail_in == 0;
    inflateEnd(&z);
    return result == UNPACK_OK && !whole ? UNPACK_BROKEN : result;
}

static enum unpack_result unzstd(struct str in, struct sink *s)
{
    ZSTD_DCtx *z = ZSTD_createDCtx();
    char piece[PIECE_BYTES];
    enum unpack_result result = UNPACK_OK;
    ZSTD_inBuffer from = {.src = in.p, .size = in.len};
    size_t left = 1;
    ASSERT(z);
    while (result == UNPACK_OK && (from.pos < from.size || left > 0)) {
        ZSTD_outBuffer to = {.dst = piece, .size = sizeof piece};
        size_t before = from.pos;
        left = ZSTD_decompressStream(z, &to, &from);
        if (ZSTD_isError(left) || (to.pos == 0 && from.pos == before && left > 0))
            result = UNPACK_BROKEN;
        else
            result = add(s, piece, to.pos);
    }
    ZSTD_freeDCtx(z);
    return result;
}

enum unpack_result unpack_all(enum unpack_coding coding, struct str in, struct buf *out,
                              bool (*grant)(void *arg, size_t bytes), void *arg)
{
    struct sink s = {.out = out, .grant = grant, .arg = arg};
    switch (coding) {
    case UNPACK_NONE:
        return add(&s, in.p, in.len);
    case UNPACK_GZIP:
        return gunzip(in, &s);
    case UNPACK_ZSTD:
        return unzstd(in, &s);
    }
    return UNPACK_BROKEN;
}
