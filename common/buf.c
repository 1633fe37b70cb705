/* Capped growable bytes. One owner at a time; any thread. Never grows past its cap. */
#include "common/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/mem.h"

enum { FIRST_BYTES = 256 };

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_fini(struct buf *b)
{
    xfree(b->p);
    buf_init(b, b->max);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

char *buf_room(struct buf *b, size_t len)
{
    if (b->failed || len > b->max - b->len) {
        b->failed = true;
        return NULL;
    }
    size_t need = b->len + len;
    if (need > b->cap) {
        size_t cap = b->cap ? b->cap : FIRST_BYTES;
        while (cap < need)
            cap *= 2;
        if (cap > b->max && need <= b->max)
            cap = b->max;
        b->p = xrealloc(b->p, cap);
        b->cap = cap;
    }
    return b->p + b->len;
}

void buf_grew(struct buf *b, size_t len)
{
    ASSERT(len <= b->cap - b->len);
    b->len += len;
}

bool buf_add(struct buf *b, const void *p, size_t len)
{
    if (len == 0)
        return !b->failed;
    char *at = buf_room(b, len);
    if (!at)
        return false;
    memcpy(at, p, len);
    b->len += len;
    return true;
}

bool buf_add_char(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

bool buf_add_i64(struct buf *b, int64_t v)
{
    char tmp[24];
    size_t at = sizeof tmp;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        tmp[--at] = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    if (v < 0)
        tmp[--at] = '-';
    return buf_add(b, tmp + at, sizeof tmp - at);
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    /* vsnprintf writes a NUL behind the text: room for it, but it does not count. */
    char *at = n < 0 ? NULL : buf_room(b, (size_t)n + 1);
    if (at)
        (void)vsnprintf(at, (size_t)n + 1, fmt, again);
    va_end(again);
    if (at)
        buf_grew(b, (size_t)n);
    return at != NULL;
}

void buf_drop(struct buf *b, size_t len)
{
    ASSERT(len <= b->len);
    b->len -= len;
    if (b->len)
        memmove(b->p, b->p + len, b->len);
}

static bool add_escape(struct buf *b, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    switch (c) {
    case '"':
        return buf_add_lit(b, "\\\"");
    case '\\':
        return buf_add_lit(b, "\\\\");
    case '\n':
        return buf_add_lit(b, "\\n");
    case '\r':
        return buf_add_lit(b, "\\r");
    case '\t':
        return buf_add_lit(b, "\\t");
    default:
        break;
    }
    char u[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    return buf_add(b, u, sizeof u);
}

bool buf_add_json(struct buf *b, struct str s)
{
    buf_add_char(b, '"');
    bool clean = str_is_utf8(s);
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = c >= 0x20 && c != '"' && c != '\\' && (clean || c < 0x80);
        if (plain)
            continue;
        buf_add(b, s.p + from, i - from);
        from = i + 1;
        if (c >= 0x80)
            buf_add_lit(b, "\xEF\xBF\xBD");
        else
            add_escape(b, c);
    }
    buf_add(b, s.p + from, s.len - from);
    return buf_add_char(b, '"');
}
