/* The pull parser over a whole JSON text.
 *
 * Runs on whichever thread holds the text; no state but the caller's struct. It sees every byte of
 * every body once, so runs of plain string bytes go 16 at a time. It never allocates (but for
 * json_decode's output), never builds a tree, never reads past the text.
 */
#include "gateway/wire/json_scan.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum state { WANT_VALUE, WANT_VALUE_OR_END, WANT_KEY, WANT_KEY_OR_END, WANT_COMMA, AFTER, FAILED };

enum byte_class {
    C_OTHER,
    C_OBJECT,
    C_ARRAY,
    C_QUOTE,
    C_NUMBER,
    C_TRUE,
    C_FALSE,
    C_NULL,
};

/* What a value may begin with. */
static const uint8_t class_of[256] = {
    ['{'] = C_OBJECT, ['['] = C_ARRAY,  ['"'] = C_QUOTE,  ['-'] = C_NUMBER, ['0'] = C_NUMBER,
    ['1'] = C_NUMBER, ['2'] = C_NUMBER, ['3'] = C_NUMBER, ['4'] = C_NUMBER, ['5'] = C_NUMBER,
    ['6'] = C_NUMBER, ['7'] = C_NUMBER, ['8'] = C_NUMBER, ['9'] = C_NUMBER, ['t'] = C_TRUE,
    ['f'] = C_FALSE,  ['n'] = C_NULL,
};

void json_scan_init(struct json_scan *s, struct str text, bool strict_utf8)
{
    *s = (struct json_scan){.text = text.p, .len = text.len, .strict_utf8 = strict_utf8};
    s->token = JSON_ERROR;
    s->state = WANT_VALUE;
}

void json_scan_init_known(struct json_scan *s, struct str text)
{
    json_scan_init(s, text, false);
    s->known = true;
}

static enum json_token fail(struct json_scan *s, size_t at, enum json_error why)
{
    s->pos = at;
    s->error = at >= s->len && why == JSON_SYNTAX ? JSON_CUT : why;
    s->state = FAILED;
    s->raw = STR_NULL;
    s->begin = s->end = at;
    return s->token = JSON_ERROR;
}

static inline void skip_blanks(struct json_scan *s)
{
    const char *p = s->text + s->pos, *end = s->text + s->len;
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
        p++;
    s->pos = (size_t)(p - s->text);
}

static inline bool inside_object(const struct json_scan *s)
{
    unsigned level = s->depth - 1;
    return s->depth > 0 && (s->in_object[level / 64] >> (level % 64) & 1) != 0;
}

static inline enum json_token found(struct json_scan *s, enum json_token t, size_t begin,
                                    size_t end)
{
    s->begin = begin;
    s->end = s->pos = end;
    s->raw = str_make(s->text + begin, end - begin);
    return s->token = t;
}

static inline void value_done(struct json_scan *s)
{
    s->state = s->depth ? WANT_COMMA : AFTER;
}

/* First offset from `i` on of a byte that ends or interrupts a string: quote, backslash, control
 * character, and with `ascii` anything beyond ASCII. */
static inline size_t plain_end(const char *t, size_t i, size_t len, bool ascii)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i control = _mm_set1_epi8(0x1f);
    const int high = ascii ? 0xffff : 0;
    for (; len - i >= 16; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(t + i));
        __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash));
        stop = _mm_or_si128(stop, _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
        int mask = _mm_movemask_epi8(stop) | (_mm_movemask_epi8(v) & high);
        if (mask)
            return i + (size_t)__builtin_ctz((unsigned)mask);
    }
#endif
    for (; i < len; i++) {
        unsigned char c = (unsigned char)t[i];
        if (c == '"' || c == '\\' || c < 0x20 || (ascii && c >= 0x80))
            break;
    }
    return i;
}

/* Offset behind the escape at `i` (a backslash), or 0 with `*at` where it is wrong. */
static size_t escape_end(const char *t, size_t i, size_t len, size_t *at)
{
    if (++i < len && t[i] == 'u') {
        for (int k = 0; k < 4; k++)
            if (++i >= len || json_hex(t[i]) < 0)
                return *at = i, 0;
        return i + 1;
    }
    if (i < len && json_short_escape(t[i]))
        return i + 1;
    return *at = i, 0;
}

/* From the opening quote at `s->pos`: sets raw, begin, end, escaped. False after an error. */
static inline bool take_string(struct json_scan *s)
{
    size_t begin = s->pos, i = begin + 1, at = 0;
    s->escaped = false;
    for (;;) {
        i = plain_end(s->text, i, s->len, s->strict_utf8);
        if (i >= s->len)
            return fail(s, s->len, JSON_CUT), false;
        unsigned char c = (unsigned char)s->text[i];
        if (c == '"')
            break;
        if (c == '\\') {
            s->escaped = true;
            i = escape_end(s->text, i, s->len, &at);
            if (i == 0)
                return fail(s, at, JSON_SYNTAX), false;
        } else if (c < 0x20) {
            return fail(s, i, JSON_SYNTAX), false;
        } else if (!json_utf8_run(s->text, &i, s->len)) {
            return fail(s, i, JSON_BAD_UTF8), false;
        }
    }
    s->begin = begin;
    s->end = s->pos = i + 1;
    s->raw = str_make(s->text + begin + 1, i - begin - 1);
    return true;
}

static enum json_token take_number(struct json_scan *s)
{
    size_t end = s->pos;
    if (!json_number_end(s->text, &end, s->len))
        return fail(s, end, JSON_SYNTAX);
    value_done(s);
    return found(s, JSON_NUMBER, s->pos, end);
}

static enum json_token take_word(struct json_scan *s, struct str word, enum json_token t)
{
    size_t begin = s->pos, n = 0;
    while (n < word.len && begin + n < s->len && s->text[begin + n] == word.p[n])
        n++;
    if (n < word.len)
        return fail(s, begin + n, JSON_SYNTAX);
    value_done(s);
    return found(s, t, begin, begin + n);
}

static enum json_token open_level(struct json_scan *s, bool object)
{
    if (s->depth == JSON_DEPTH_MAX)
        return fail(s, s->pos, JSON_TOO_DEEP);
    uint64_t bit = UINT64_C(1) << (s->depth % 64);
    if (object)
        s->in_object[s->depth / 64] |= bit;
    else
        s->in_object[s->depth / 64] &= ~bit;
    s->depth++;
    s->state = object ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
    return found(s, object ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN, s->pos, s->pos + 1);
}

static enum json_token close_level(struct json_scan *s)
{
    bool object = inside_object(s);
    ASSERT(s->depth > 0);
    if (s->pos >= s->len || s->text[s->pos] != (object ? '}' : ']'))
        return fail(s, s->pos, JSON_SYNTAX);
    s->depth--;
    value_done(s);
    return found(s, object ? JSON_OBJECT_END : JSON_ARRAY_END, s->pos, s->pos + 1);
}

/* A key and its colon; the span is the key's. */
static enum json_token take_key(struct json_scan *s)
{
    if (s->pos >= s->len || s->text[s->pos] != '"') {
        if (s->state == WANT_KEY_OR_END)
            return close_level(s);
        return fail(s, s->pos, JSON_SYNTAX);
    }
    if (!take_string(s))
        return JSON_ERROR;
    skip_blanks(s);
    if (s->pos >= s->len || s->text[s->pos] != ':')
        return fail(s, s->pos, JSON_SYNTAX);
    s->pos++;
    s->state = WANT_VALUE;
    return s->token = JSON_KEY;
}

static inline enum json_token take_value(struct json_scan *s)
{
    if (s->pos >= s->len)
        return fail(s, s->len, JSON_CUT);
    switch ((enum byte_class)class_of[(unsigned char)s->text[s->pos]]) {
    case C_QUOTE:
        if (!take_string(s))
            return JSON_ERROR;
        value_done(s);
        return s->token = JSON_STRING;
    case C_OBJECT:
        return open_level(s, true);
    case C_ARRAY:
        return open_level(s, false);
    case C_NUMBER:
        return take_number(s);
    case C_TRUE:
        return take_word(s, STR("true"), JSON_TRUE);
    case C_FALSE:
        return take_word(s, STR("false"), JSON_FALSE);
    case C_NULL:
        return take_word(s, STR("null"), JSON_NULL);
    case C_OTHER:
        break;
    }
    return fail(s, s->pos, JSON_SYNTAX);
}

static enum json_token finish(struct json_scan *s)
{
    if (s->pos < s->len)
        return fail(s, s->pos, JSON_SYNTAX);
    return found(s, JSON_END, s->len, s->len);
}

enum json_token json_scan_next(struct json_scan *s)
{
    if (UNLIKELY(s->state == FAILED))
        return JSON_ERROR;
    skip_blanks(s);
    if (s->state == WANT_COMMA) {
        if (s->pos >= s->len || s->text[s->pos] != ',')
            return close_level(s);
        s->pos++;
        s->state = inside_object(s) ? WANT_KEY : WANT_VALUE;
        skip_blanks(s);
    }
    switch ((enum state)s->state) {
    case WANT_KEY:
    case WANT_KEY_OR_END:
        return take_key(s);
    case WANT_VALUE_OR_END:
        if (s->pos < s->len && s->text[s->pos] == ']')
            return close_level(s);
        return take_value(s);
    case WANT_VALUE:
        return take_value(s);
    case AFTER:
        return finish(s);
    case WANT_COMMA:
    case FAILED:
        break;
    }
    assert_failed("a state without a step", __FILE__, __LINE__);
}

/* Offset behind the string whose first byte is at `i`; the text's end if it does not end. */
static size_t string_end_known(const char *t, size_t i, size_t len)
{
    while (i < len) {
        i = plain_end(t, i, len, false);
        if (i < len && t[i] == '"')
            return i + 1;
        i += i < len && t[i] == '\\' ? 2 : 1;
    }
    return len;
}

/* From inside the object or array whose bracket was the last token to behind its end. */
static bool skip_known(struct json_scan *s)
{
    size_t i = s->pos;
    for (unsigned depth = 1; depth > 0;) {
        /* With 0x20, square brackets are curly ones; no other byte becomes one of them. */
        while (i < s->len && s->text[i] != '"' && (s->text[i] | 0x20) != '{' &&
               (s->text[i] | 0x20) != '}')
            i++;
        if (i >= s->len)
            return fail(s, s->len, JSON_CUT), false;
        char c = s->text[i++];
        if (c == '"')
            i = string_end_known(s->text, i, s->len);
        else
            depth += c == '{' || c == '[' ? 1U : -1U;
    }
    s->depth--;
    value_done(s);
    s->end = s->pos = i;
    return true;
}

struct str json_scan_value(struct json_scan *s, enum json_token t)
{
    size_t begin = s->begin;
    if (t == JSON_OBJECT_BEGIN || t == JSON_ARRAY_BEGIN) {
        ASSERT(s->depth > 0);
        if (s->known)
            return skip_known(s) ? str_make(s->text + begin, s->end - begin) : STR_NULL;
        unsigned outside = s->depth - 1;
        while (s->depth > outside)
            if (json_scan_next(s) == JSON_ERROR)
                return STR_NULL;
        s->begin = begin;
    } else if (t < JSON_STRING) {
        return STR_NULL;
    }
    return str_make(s->text + begin, s->end - begin);
}
