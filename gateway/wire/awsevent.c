/* AWS event stream frames. Runs on the worker that owns the transfer; no I/O. A frame is looked at
 * when it is complete (its prelude as soon as it is there) and handed out where it lies.
 */
#include "gateway/wire/awsevent.h"

#include <zlib.h>

enum {
    AWSEVENT_MAGIC = 0x61777365,
    PRELUDE_BYTES = 12, /* two lengths and their sum */
    SUM_BYTES = 4,
    TYPE_MAX_BYTES = 64,
};

/* Types of header values, by number. */
enum { HEADER_BYTES = 6, HEADER_TEXT = 7 };
/* Bytes of a value by its type; -1: two bytes of length stand before it. */
static const int8_t value_bytes[] = {
    0,  /* true */
    0,  /* false */
    1,  /* byte */
    2,  /* short */
    4,  /* integer */
    8,  /* long */
    -1, /* bytes */
    -1, /* text */
    8,  /* timestamp */
    16, /* uuid */
};

static uint32_t u32(const char *at)
{
    const unsigned char *p = (const unsigned char *)at;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static size_t u16(const char *at)
{
    const unsigned char *p = (const unsigned char *)at;
    return (size_t)p[0] << 8 | p[1];
}

static void put_u32(char *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (char)(v >> (24 - 8 * i) & 0xff);
}

static uint32_t sum_of(const char *p, size_t len)
{
    return (uint32_t)crc32_z(0, (const unsigned char *)p, len);
}

/* ------------------------------------------------------------------ headers */

struct header {
    struct str name, value;
    unsigned type;
};

/* Takes the first header off `*rest`. False if it is none. */
static bool take_header(struct str *rest, struct header *out)
{
    struct str s = *rest;
    if (s.len < 2)
        return false;
    size_t at = 1 + (size_t)(unsigned char)s.p[0]; /* behind the name */
    if (at == 1 || at >= s.len)
        return false;
    out->name = str_make(s.p + 1, at - 1);
    out->type = (unsigned char)s.p[at++];
    if (out->type >= ARRAY_LEN(value_bytes))
        return false;
    size_t len = 0;
    if (value_bytes[out->type] >= 0) {
        len = (size_t)value_bytes[out->type];
    } else {
        if (s.len - at < 2)
            return false;
        len = u16(s.p + at);
        at += 2;
    }
    if (s.len - at < len)
        return false;
    out->value = str_make(s.p + at, len);
    *rest = str_make(s.p + at + len, s.len - at - len);
    return true;
}

static struct str headers_of(struct str frame)
{
    return str_make(frame.p + PRELUDE_BYTES, u32(frame.p + 4));
}

struct str awsevent_header(struct str frame, struct str name)
{
    ASSERT(frame.len >= AWSEVENT_LEAST_BYTES);
    struct str rest = headers_of(frame);
    struct header h;
    while (rest.len > 0 && take_header(&rest, &h))
        if (h.type == HEADER_TEXT && str_eq(h.name, name))
            return h.value;
    return STR_NULL;
}

/* ------------------------------------------------------------------ parser */

void awsevent_init(struct awsevent *s, size_t max_frame_bytes)
{
    ASSERT(max_frame_bytes >= AWSEVENT_LEAST_BYTES && max_frame_bytes < SIZE_MAX / 4);
    *s = (struct awsevent){.magic = AWSEVENT_MAGIC, .max_bytes = max_frame_bytes};
    buf_init(&s->raw, SIZE_MAX / 4); /* max_bytes caps it, and the feeds' own size */
}

void awsevent_fini(struct awsevent *s)
{
    CHECK(s, AWSEVENT_MAGIC);
    buf_fini(&s->raw);
    s->magic = 0;
}

bool awsevent_feed(struct awsevent *s, struct str bytes)
{
    CHECK(s, AWSEVENT_MAGIC);
    if (s->failed)
        return false;
    if (s->at > 0)
        buf_drop(&s->raw, s->at);
    s->at = 0;
    if (bytes.len > 0)
        ASSERT(buf_add_str(&s->raw, bytes));
    return true;
}

static bool check_prelude(struct awsevent *s, const char *p)
{
    size_t total = u32(p), headers = u32(p + 4);
    s->prelude_good = sum_of(p, 8) == u32(p + 8) && total >= AWSEVENT_LEAST_BYTES &&
                      total <= s->max_bytes && headers <= AWSEVENT_HEADERS_MAX_BYTES &&
                      headers <= total - AWSEVENT_LEAST_BYTES;
    s->failed = !s->prelude_good;
    return s->prelude_good;
}

/* Checks a whole frame and finds what of it is told. */
static bool read_frame(struct str raw, struct awsevent_frame *out)
{
    size_t sum_at = raw.len - SUM_BYTES;
    if (sum_of(raw.p, sum_at) != u32(raw.p + sum_at))
        return false;
    struct str rest = headers_of(raw);
    *out = (struct awsevent_frame){.type = STR(""), .raw = raw};
    out->payload = str_make(rest.p + rest.len, sum_at - PRELUDE_BYTES - rest.len);
    struct header h;
    while (rest.len > 0) {
        if (!take_header(&rest, &h))
            return false;
        if (h.type != HEADER_TEXT)
            continue;
        if (str_eq(h.name, STR(":event-type")) || str_eq(h.name, STR(":exception-type")) ||
            str_eq(h.name, STR(":error-code")))
            out->type = h.value;
        else if (str_eq(h.name, STR(":message-type")))
            out->exception = str_eq(h.value, STR("exception")) || str_eq(h.value, STR("error"));
    }
    return true;
}

bool awsevent_next(struct awsevent *s, struct awsevent_frame *out)
{
    CHECK(s, AWSEVENT_MAGIC);
    const char *p = s->raw.p + s->at;
    size_t len = s->raw.len - s->at;
    if (s->failed || len < PRELUDE_BYTES || (!s->prelude_good && !check_prelude(s, p)))
        return false;
    size_t total = u32(p);
    if (len < total)
        return false;
    s->failed = !read_frame(str_make(p, total), out);
    s->prelude_good = false;
    s->at += total;
    return !s->failed;
}

bool awsevent_partial(const struct awsevent *s)
{
    return s->at < s->raw.len;
}

bool awsevent_failed(const struct awsevent *s)
{
    return s->failed;
}

/* ------------------------------------------------------------------ writer */

static void add_header(struct buf *out, struct str name, struct str value)
{
    buf_add_char(out, (char)name.len);
    buf_add_str(out, name);
    buf_add_char(out, (char)HEADER_TEXT);
    buf_add_char(out, (char)(value.len >> 8));
    buf_add_char(out, (char)(value.len & 0xff));
    buf_add_str(out, value);
}

size_t awsevent_begin(struct buf *out, struct str type, bool exception)
{
    ASSERT(type.len <= TYPE_MAX_BYTES);
    size_t begin = out->len;
    buf_add(out, "\0\0\0\0\0\0\0\0\0\0\0\0", PRELUDE_BYTES);
    add_header(out, exception ? STR(":exception-type") : STR(":event-type"), type);
    add_header(out, STR(":content-type"), STR("application/json"));
    add_header(out, STR(":message-type"), exception ? STR("exception") : STR("event"));
    if (!out->failed)
        put_u32(out->p + begin + 4, (uint32_t)(out->len - begin - PRELUDE_BYTES));
    return begin;
}

bool awsevent_end(struct buf *out, size_t begin)
{
    if (out->failed)
        return false;
    size_t total = out->len - begin + SUM_BYTES;
    ASSERT(total >= AWSEVENT_LEAST_BYTES && total <= UINT32_MAX);
    char *p = out->p + begin, sum[SUM_BYTES];
    put_u32(p, (uint32_t)total);
    put_u32(p + 8, sum_of(p, 8));
    put_u32(sum, sum_of(p, total - SUM_BYTES));
    return buf_add(out, sum, sizeof sum);
}
