/* Capped growable bytes. One owner at a time; any thread. Never grows past its cap. */
#include "common/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/mem.h"
#include "common/word.h"

enum { FIRST_BYTES = 256, SMALL_TEXT_BYTES = 256 };

void buf_init(struct buf *b, size_t max)
{
    ASSERT(max <= SIZE_MAX / 4); /* doubling never wraps */
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
    if (need > b->cap || !b->p) {
        size_t cap = b->cap ? b->cap : FIRST_BYTES;
        while (cap < need)
            cap *= 2;
        if (cap > b->max)
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

bool buf_add_slowly(struct buf *b, const void *p, size_t len)
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
    char small[SMALL_TEXT_BYTES];
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    char *at = n < 0 ? NULL : buf_room(b, (size_t)n);
    if (at) {
        char *text = small;
        if ((size_t)n >= sizeof small) {
            text = xmalloc((size_t)n + 1);
            (void)vsnprintf(text, (size_t)n + 1, fmt, again);
        }
        memcpy(at, text, (size_t)n);
        buf_grew(b, (size_t)n);
        if (text != small)
            xfree(text);
    }
    va_end(again);
    return at != NULL;
}

void buf_reserve(struct buf *b, size_t len)
{
    if (len <= b->cap || len > b->max)
        return;
    b->p = xrealloc(b->p, len);
    b->cap = len;
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

/* How many of the bytes from `from` on certainly need no attention in a JSON string. */
static size_t plain_run(struct str s, size_t from)
{
    size_t at = from;
    for (; at + WORD_BYTES <= s.len; at += WORD_BYTES) {
        uint64_t w = word_load(s.p + at);
        if (word_has_high(w) | word_has_less(w, 0x20) | word_has(w, '"') | word_has(w, '\\'))
            break;
    }
    return at - from;
}

bool buf_add_json(struct buf *b, struct str s)
{
    buf_add_char(b, '"');
    size_t from = 0; /* the start of the bytes that go as they are */
    for (size_t i = plain_run(s, 0); i < s.len;) {
        unsigned char c = (unsigned char)s.p[i];
        size_t n = c < 0x80 ? 1 : str_utf8_len(str_make(s.p + i, s.len - i));
        if (n && c >= 0x20 && c != '"' && c != '\\') {
            i += n;
            continue;
        }
        buf_add(b, s.p + from, i - from);
        if (n)
            add_escape(b, c);
        else
            buf_add_lit(b, "\xEF\xBF\xBD");
        from = ++i;
        i += plain_run(s, i);
    }
    if (s.len)
        buf_add(b, s.p + from, s.len - from);
    return buf_add_char(b, '"');
}
