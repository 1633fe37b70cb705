/* Wrapping and unwrapping signatures. Pure; the worker's thread. */
#include "gateway/dialect/signature.h"

#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* "dotebsig" is the base64url of these six bytes; then: origin, length of the id (two bytes, big
 * endian), id, data, and zero to two 0 bytes that make it a multiple of three. Ids and data are
 * JSON texts: no 0 byte is part of them. */
static const unsigned char mark[6] = {0x76, 0x8b, 0x5e, 0x6e, 0xc8, 0xa0};
enum { HEAD_BYTES = sizeof mark + 3, ID_MAX = 4096, MARK_CHARS = sizeof SIGNATURE_MARK - 1 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static unsigned char at(const unsigned char *head, const struct ir_signature *s, size_t i)
{
    if (i < HEAD_BYTES)
        return head[i];
    i -= HEAD_BYTES;
    if (i < s->id.len)
        return (unsigned char)s->id.p[i];
    i -= s->id.len;
    return i < s->data.len ? (unsigned char)s->data.p[i] : 0;
}

bool signature_wrap(const struct ir_signature *s, struct buf *out)
{
    unsigned char head[HEAD_BYTES];
    struct ir_signature cut = *s;
    if (cut.id.len > ID_MAX)
        cut.id.len = 0;
    memcpy(head, mark, sizeof mark);
    head[6] = (unsigned char)s->origin;
    head[7] = (unsigned char)(cut.id.len >> 8);
    head[8] = (unsigned char)(cut.id.len & 0xff);
    size_t n = HEAD_BYTES + cut.id.len + cut.data.len;
    size_t chars = (n + 2) / 3 * 4;
    char *p = buf_room(out, chars);
    if (!p)
        return false;
    for (size_t i = 0; i < n; i += 3) {
        unsigned v = (unsigned)at(head, &cut, i) << 16 | (unsigned)at(head, &cut, i + 1) << 8 |
                     (unsigned)at(head, &cut, i + 2);
        *p++ = alphabet[v >> 18 & 63];
        *p++ = alphabet[v >> 12 & 63];
        *p++ = alphabet[v >> 6 & 63];
        *p++ = alphabet[v & 63];
    }
    buf_grew(out, chars);
    return true;
}

/* Standard and URL-safe letters: some clients convert. -1: no letter. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-' || c == '+')
        return 62;
    return c == '_' || c == '/' ? 63 : -1;
}

static bool decode(struct str text, unsigned char *out)
{
    for (size_t i = 0; i + 4 <= text.len; i += 4) {
        unsigned v = 0;
        for (size_t k = 0; k < 4; k++) {
            int d = value_of(text.p[i + k]);
            if (d < 0)
                return false;
            v = v << 6 | (unsigned)d;
        }
        *out++ = (unsigned char)(v >> 16);
        *out++ = (unsigned char)(v >> 8 & 0xff);
        *out++ = (unsigned char)(v & 0xff);
    }
    return true;
}

static bool unwrap(struct str text, struct arena *a, struct ir_signature *out)
{
    if (!str_starts(text, STR(SIGNATURE_MARK)) || text.len % 4 != 0)
        return false;
    size_t n = text.len / 4 * 3;
    unsigned char *p = arena_alloc(a, n);
    if (n < HEAD_BYTES || !decode(text, p))
        return false;
    size_t id = (size_t)p[7] << 8 | p[8];
    while (n > HEAD_BYTES && p[n - 1] == 0)
        n--;
    if (p[6] >= IR_ORIGINS || HEAD_BYTES + id > n)
        return false;
    /* What comes back may have been altered: it must still be the inside of a JSON string. */
    for (size_t i = HEAD_BYTES; i < n; i++)
        if (p[i] < 0x20 || p[i] == '"' || p[i] == '\\' || p[i] >= 0x80)
            return false;
    const char *text_of = (const char *)p;
    *out = (struct ir_signature){
        .origin = (enum ir_origin)p[6],
        .id = id ? str_make(text_of + HEAD_BYTES, id) : STR_NULL,
        .data = str_make(text_of + HEAD_BYTES + id, n - HEAD_BYTES - id),
    };
    return true;
}

void signature_unwrap(struct str text, enum ir_origin own, struct arena *a,
                      struct ir_signature *out)
{
    if (!unwrap(text, a, out))
        *out = (struct ir_signature){.origin = own, .data = text};
}

bool signature_id_write(struct str id, const struct ir_signature *s, struct buf *out)
{
    buf_add_str(out, id);
    if (!s || s->origin == IR_ORIGIN_NONE || s->data.len == 0)
        return !out->failed;
    buf_add_char(out, '_');
    return signature_wrap(s, out);
}

struct str signature_id_read(struct str id, struct arena *a, struct ir_signature *out)
{
    ptrdiff_t cut = str_find_str(id, STR("_" SIGNATURE_MARK));
    if (cut < 0)
        return id;
    struct str word = str_make(id.p + cut + 1, id.len - (size_t)cut - 1);
    if (unwrap(word, a, out))
        id.len = (size_t)cut;
    return id;
}

/* Offset behind what holds no mark for sure: 16 places at once are looked at by the mark's first
 * and last letter. memmem takes three times as long, and every body is searched. */
static size_t without_mark(struct str body)
{
    size_t i = 0;
#if defined(__SSE2__)
    const __m128i first = _mm_set1_epi8(SIGNATURE_MARK[0]);
    const __m128i last = _mm_set1_epi8(SIGNATURE_MARK[MARK_CHARS - 1]);
    for (; body.len - i >= 16 + MARK_CHARS - 1; i += 16) {
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(body.p + i));
        __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(body.p + i + MARK_CHARS - 1));
        int hits = _mm_movemask_epi8(
            _mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last)));
        for (; hits; hits &= hits - 1) {
            size_t at = i + (size_t)__builtin_ctz((unsigned)hits);
            if (memcmp(body.p + at, SIGNATURE_MARK, MARK_CHARS) == 0)
                return at;
        }
    }
#endif
    return i;
}

bool signature_present(struct str body)
{
    size_t i = without_mark(body);
    return body.len - i >= MARK_CHARS &&
           memmem(body.p + i, body.len - i, SIGNATURE_MARK, MARK_CHARS) != NULL;
}
