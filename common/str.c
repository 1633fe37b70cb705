/* Operations on borrowed byte runs. Pure; any thread. Never allocates. */
#include "common/str.h"

#include "common/word.h"

static char lower(char c)
{
    return (c >= 'A' && c <= 'Z') ? (char)(c - 'A' + 'a') : c;
}

bool str_ieq(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.p, prefix.p, prefix.len) == 0);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.p + s.len - suffix.len, suffix.p, suffix.len) == 0);
}

ptrdiff_t str_find(struct str s, char c)
{
    const char *hit = s.len ? memchr(s.p, c, s.len) : NULL;
    return hit ? hit - s.p : -1;
}

ptrdiff_t str_find_str(struct str s, struct str needle)
{
    if (needle.len == 0)
        return 0;
    const char *hit = s.len ? memmem(s.p, s.len, needle.p, needle.len) : NULL;
    return hit ? hit - s.p : -1;
}

struct str str_cut(struct str *s, char sep)
{
    ptrdiff_t at = str_find(*s, sep);
    struct str head = *s;
    if (at < 0) {
        *s = STR_NULL;
        return head;
    }
    head.len = (size_t)at;
    s->p += at + 1;
    s->len -= (size_t)at + 1;
    return head;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.len && is_blank(s.p[0])) {
        s.p++;
        s.len--;
    }
    while (s.len && is_blank(s.p[s.len - 1]))
        s.len--;
    return s;
}

bool str_to_i64(struct str s, int64_t *out)
{
    size_t i = 0;
    bool neg = s.len && s.p[0] == '-';
    int64_t v = 0;
    if (neg)
        i++;
    if (i == s.len)
        return false;
    for (; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        int digit = s.p[i] - '0';
        if (__builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, neg ? -digit : digit, &v))
            return false;
    }
    *out = v;
    return true;
}

unsigned str_distance(struct str a, struct str b, unsigned limit)
{
    enum { MAX = 128 };
    unsigned row[MAX + 1];
    size_t gap = a.len > b.len ? a.len - b.len : b.len - a.len;
    if (b.len > MAX || gap > limit)
        return limit + 1;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned diag = row[0], best = (unsigned)i;
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned cost = diag + (lower(a.p[i - 1]) != lower(b.p[j - 1]));
            unsigned step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diag = row[j];
            row[j] = cost < step ? cost : step;
            best = row[j] < best ? row[j] : best;
        }
        if (best > limit)
            return limit + 1;
    }
    return row[b.len] > limit ? limit + 1 : row[b.len];
}

/* RFC 3629; the bounds are those of Unicode's table 3-7. */
size_t str_utf8_len(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    if (s.len == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    size_t n = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || s.len < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xF0 && p[1] < 0x90);
    bool surrogate = p[0] == 0xED && p[1] > 0x9F;
    bool beyond = p[0] == 0xF4 && p[1] > 0x8F;
    return overlong || surrogate || beyond ? 0 : n;
}

bool str_is_utf8(struct str s)
{
    while (s.len) {
        bool ascii = s.len >= WORD_BYTES && !word_has_high(word_load(s.p));
        size_t n = ascii ? WORD_BYTES : str_utf8_len(s);
        if (n == 0)
            return false;
        s = str_make(s.p + n, s.len - n);
    }
    return true;
}
