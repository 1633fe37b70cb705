/* Escapes, UTF-8 and numbers of single JSON tokens. Pure; any thread. json_decode alone writes, to
 * the caller's capped buffer.
 */
#include "gateway/wire/json_text.h"

int json_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char low = (char)(c | 0x20);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

char json_short_escape(char c)
{
    static const char meaning[128] = {
        ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
        ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
    };
    return (unsigned char)c < sizeof meaning ? meaning[(unsigned char)c] : '\0';
}

static inline bool follows(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

/* Unicode, table 3-7, by lead byte: length of the sequence (0: none begins so) and the bounds of
 * its second byte. All later ones are 80..BF. */
struct sequence {
    uint8_t len, low, high;
};

#define LEADS(first, n, a, b) [(first)-0xC0] = {(n), (a), (b)}
#define LEADS_4(first, n)                                                                          \
    LEADS(first, n, 0x80, 0xBF), LEADS((first) + 1, n, 0x80, 0xBF),                                \
        LEADS((first) + 2, n, 0x80, 0xBF), LEADS((first) + 3, n, 0x80, 0xBF)

static const struct sequence sequences[64] = {
    LEADS(0xC2, 2, 0x80, 0xBF), LEADS(0xC3, 2, 0x80, 0xBF), LEADS_4(0xC4, 2),
    LEADS_4(0xC8, 2),           LEADS_4(0xCC, 2),           LEADS_4(0xD0, 2),
    LEADS_4(0xD4, 2),           LEADS_4(0xD8, 2),           LEADS_4(0xDC, 2),
    LEADS(0xE0, 3, 0xA0, 0xBF), LEADS(0xE1, 3, 0x80, 0xBF), LEADS(0xE2, 3, 0x80, 0xBF),
    LEADS(0xE3, 3, 0x80, 0xBF), LEADS_4(0xE4, 3),           LEADS_4(0xE8, 3),
    LEADS(0xEC, 3, 0x80, 0xBF), LEADS(0xED, 3, 0x80, 0x9F), LEADS(0xEE, 3, 0x80, 0xBF),
    LEADS(0xEF, 3, 0x80, 0xBF), LEADS(0xF0, 4, 0x90, 0xBF), LEADS(0xF1, 4, 0x80, 0xBF),
    LEADS(0xF2, 4, 0x80, 0xBF), LEADS(0xF3, 4, 0x80, 0xBF), LEADS(0xF4, 4, 0x80, 0x8F),
};

/* Length of the valid sequence of 2 to 4 bytes at `p`, 0 if there is none. */
static inline size_t sequence_len(const unsigned char *p, size_t left)
{
    if (p[0] < 0xC0)
        return 0;
    struct sequence q = sequences[p[0] - 0xC0];
    if (q.len > left || q.len == 0 || p[1] < q.low || p[1] > q.high)
        return 0;
    for (size_t i = 2; i < q.len; i++)
        if (!follows(p[i]))
            return 0;
    return q.len;
}

/* Most sequences of three bytes, four bytes at once: E1..EC or EE, EF, then 80..BF twice. */
static inline bool is_plain_triple(const unsigned char *p, size_t left)
{
    uint32_t word;
    if (left < sizeof word || p[0] == 0xE0 || p[0] == 0xED)
        return false;
    memcpy(&word, p, sizeof word);
    static const unsigned char mask[4] = {0xF0, 0xC0, 0xC0, 0}, want[4] = {0xE0, 0x80, 0x80, 0};
    uint32_t mask_word, want_word;
    memcpy(&mask_word, mask, sizeof mask_word);
    memcpy(&want_word, want, sizeof want_word);
    return (word & mask_word) == want_word;
}

bool json_utf8_run(const char *t, size_t *at, size_t len)
{
    const unsigned char *p = (const unsigned char *)t;
    size_t i = *at, n = 1;
    while (i < len && p[i] >= 0x80 && n > 0) {
        n = is_plain_triple(p + i, len - i) ? 3 : sequence_len(p + i, len - i);
        i += n;
    }
    *at = i;
    return n > 0;
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One or more digits at `*i`. */
static bool walk_digits(const char *t, size_t *i, size_t len)
{
    size_t begin = *i;
    while (*i < len && is_digit(t[*i]))
        ++*i;
    return *i > begin;
}

bool json_number_end(const char *t, size_t *i, size_t len)
{
    if (*i < len && t[*i] == '-')
        ++*i;
    if (*i < len && t[*i] == '0')
        ++*i;
    else if (!walk_digits(t, i, len))
        return false;
    if (*i < len && t[*i] == '.') {
        ++*i;
        if (!walk_digits(t, i, len))
            return false;
    }
    if (*i < len && (t[*i] | 0x20) == 'e') {
        ++*i;
        if (*i < len && (t[*i] == '+' || t[*i] == '-'))
            ++*i;
        return walk_digits(t, i, len);
    }
    return true;
}

/* The four digits behind `\u` at `i` (the backslash), -1 if they are not there. */
static int32_t code_unit(struct str raw, size_t i)
{
    int32_t v = 0;
    if (raw.len - i < 6 || raw.p[i] != '\\' || raw.p[i + 1] != 'u')
        return -1;
    for (size_t k = 2; k < 6; k++) {
        int d = json_hex(raw.p[i + k]);
        if (d < 0)
            return -1;
        v = v << 4 | d;
    }
    return v;
}

static size_t put_utf8(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t k = n - 1; k > 0; k--) {
        out[k] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    static const uint8_t lead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    out[0] = (char)(lead[n] | c);
    return n;
}

/* The escape at `*i`: writes its UTF-8 to `out`, moves `*i` behind it; 0 if it is none. A surrogate
 * without its other half is U+FFFD. */
static size_t decode_escape(struct str raw, size_t *i, char out[4])
{
    if (raw.len - *i < 2)
        return 0;
    char shrt = json_short_escape(raw.p[*i + 1]);
    if (shrt) {
        out[0] = shrt;
        *i += 2;
        return 1;
    }
    int32_t high = code_unit(raw, *i);
    if (high < 0)
        return 0;
    *i += 6;
    if (high < 0xD800 || high > 0xDFFF)
        return put_utf8((uint32_t)high, out);
    int32_t low = high <= 0xDBFF && *i < raw.len ? code_unit(raw, *i) : -1;
    if (low < 0xDC00 || low > 0xDFFF)
        return put_utf8(0xFFFD, out);
    *i += 6;
    return put_utf8(0x10000 + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00), out);
}

bool json_decode(struct str raw, struct buf *out)
{
    size_t i = 0;
    while (i < raw.len) {
        const char *slash = memchr(raw.p + i, '\\', raw.len - i);
        size_t plain = slash ? (size_t)(slash - raw.p) - i : raw.len - i;
        buf_add(out, raw.p + i, plain);
        i += plain;
        if (i == raw.len)
            break;
        char utf8[4];
        size_t n = decode_escape(raw, &i, utf8);
        if (n == 0)
            return false;
        buf_add(out, utf8, n);
    }
    return !out->failed;
}

size_t json_decode_into(struct str raw, char *out)
{
    size_t i = 0, len = 0;
    while (i < raw.len) {
        const char *slash = memchr(raw.p + i, '\\', raw.len - i);
        size_t plain = slash ? (size_t)(slash - raw.p) - i : raw.len - i;
        memcpy(out + len, raw.p + i, plain);
        i += plain;
        len += plain;
        char utf8[4];
        size_t n = i < raw.len ? decode_escape(raw, &i, utf8) : 0;
        if (n == 0)
            break;
        memcpy(out + len, utf8, n);
        len += n;
    }
    return len;
}

bool json_text_is(struct str raw, struct str want)
{
    size_t i = 0, w = 0;
    while (i < raw.len) {
        char bytes[4] = {raw.p[i]};
        size_t n = 1;
        if (raw.p[i] != '\\')
            i++;
        else
            n = decode_escape(raw, &i, bytes);
        if (n == 0 || n > want.len - w || memcmp(want.p + w, bytes, n) != 0)
            return false;
        w += n;
    }
    return w == want.len;
}

size_t json_decoded_len(struct str raw)
{
    size_t total = raw.len;
    for (size_t i = 0; i < raw.len;) {
        const char *slash = memchr(raw.p + i, '\\', raw.len - i);
        if (!slash)
            break;
        i = (size_t)(slash - raw.p);
        size_t from = i;
        char bytes[4];
        size_t n = decode_escape(raw, &i, bytes);
        if (n == 0)
            break;
        total -= (i - from) - n;
    }
    return total;
}

bool json_int(struct str raw, int64_t *out)
{
    return str_to_i64(raw, out);
}

/* Reads an optional exponent at `i`, which ends the text; saturates far beyond any use. */
static int64_t exponent_of(struct str raw, size_t i)
{
    int64_t e = 0;
    if (i == raw.len)
        return 0;
    bool negative = raw.p[i + 1] == '-';
    for (i += is_digit(raw.p[i + 1]) ? 1 : 2; i < raw.len; i++)
        e = e < 100000 ? e * 10 + (raw.p[i] - '0') : e;
    return negative ? -e : e;
}

bool json_whole(struct str raw, int64_t *out)
{
    size_t i = 0, end = 0;
    if (!json_number_end(raw.p, &end, raw.len) || end != raw.len)
        return false;
    bool negative = raw.p[0] == '-', point = false;
    int64_t v = 0, scale = 0;
    for (i = negative; i < raw.len && (raw.p[i] | 0x20) != 'e'; i++) {
        if (raw.p[i] == '.') {
            point = true;
            continue;
        }
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, raw.p[i] - '0', &v))
            return false;
        scale -= point;
    }
    scale += exponent_of(raw, i);
    for (; v != 0 && scale < 0; scale++, v /= 10)
        if (v % 10 != 0)
            return false;
    for (; v != 0 && scale > 0; scale--)
        if (__builtin_mul_overflow(v, 10, &v))
            return false;
    *out = negative ? -v : v;
    return true;
}

bool json_milli(struct str raw, int64_t *out)
{
    int64_t v = 0, behind = -1; /* digits behind the point */
    bool more = false;
    size_t end = 0;
    if (!json_number_end(raw.p, &end, raw.len) || end != raw.len || raw.p[0] == '-')
        return false;
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.p[i];
        if ((c | 0x20) == 'e')
            return false;
        if (c == '.') {
            behind = 0;
        } else if (behind == 3) {
            more |= c != '0';
        } else {
            if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, c - '0', &v))
                return false;
            behind += behind >= 0;
        }
    }
    for (behind = behind < 0 ? 0 : behind; behind < 3; behind++)
        if (__builtin_mul_overflow(v, 10, &v))
            return false;
    return !__builtin_add_overflow(v, more, out);
}

void json_position(struct str text, size_t offset, unsigned *line, unsigned *column)
{
    size_t begin = 0, end = offset < text.len ? offset : text.len;
    unsigned lines = 1, columns = 1;
    for (size_t i = 0; i < end; i++)
        if (text.p[i] == '\n') {
            lines++;
            begin = i + 1;
        }
    for (size_t i = begin; i < end; i++)
        columns += !follows((unsigned char)text.p[i]);
    *line = lines;
    *column = columns;
}
