/* Encoding and decoding of ledger records. Pure; any thread; never allocates.
 *
 * Decoding is strict: what it accepts is byte for byte what encoding the result gives again (the
 * fuzz target holds it to that), so text from a record needs no second look.
 */
#include "gateway/ledger/record.h"

#include <endian.h>

#include "gateway/ledger/utf8.h"

/* Flags that share a field of the records as they were before there were any. */
enum { OPEN_STREAMED = 1, OPEN_LENT = 2, ATTEMPT_LENT = 1 << 15 };
enum { HEAD_BYTES = 16, RECORD_VERSION = 1, DISK_OPEN = 0xFA, DISK_CLOSE = 0xFC };

struct text_field {
    uint16_t offset;
    uint16_t cap; /* bytes */
    enum { TEXT_CUT, TEXT_LIST, TEXT_WHOLE } fit;
};

#define OPEN_TEXT(field, cap, fit)                                                                 \
    {                                                                                              \
        offsetof(struct ledger_open, field), (cap), (fit)                                          \
    }
static const struct text_field open_text[] = {
    OPEN_TEXT(requested_model, 256, TEXT_CUT), OPEN_TEXT(client_request_id, 128, TEXT_CUT),
    OPEN_TEXT(source, 128, TEXT_CUT),          OPEN_TEXT(title, 128, TEXT_CUT),
    OPEN_TEXT(referer, 128, TEXT_CUT),         OPEN_TEXT(end_user, 128, TEXT_CUT),
    OPEN_TEXT(session, 128, TEXT_CUT),         OPEN_TEXT(user_agent, 256, TEXT_CUT),
    OPEN_TEXT(tags, 512, TEXT_LIST),           OPEN_TEXT(metadata, 1024, TEXT_WHOLE),
    OPEN_TEXT(params, 512, TEXT_WHOLE),
};

#define CLOSE_TEXT(field, cap)                                                                     \
    {                                                                                              \
        offsetof(struct ledger_close, field), (cap), TEXT_CUT                                      \
    }
static const struct text_field close_text[] = {
    CLOSE_TEXT(upstream_model, 128),
    CLOSE_TEXT(upstream_request_id, 128),
    CLOSE_TEXT(error_detail, 256),
};

enum {
    UUID_BYTES = 16,
    ERROR_BYTES = 1 + 32,
    OPEN_TEXT_BYTES = 256 + 5 * 128 + 128 + 256 + 512 + 1024 + 512 + 2 * 11,
    OPEN_MOST = HEAD_BYTES + 6 * UUID_BYTES + 8 + 2 + 1 + 1 + 3 * 4 + 3 * 8 + 16 + OPEN_TEXT_BYTES,
    ATTEMPT_BYTES = 4 + 4 + UUID_BYTES + 2 + ERROR_BYTES + 3 * 8,
    LINE_BYTES = 1 + 4 * 8,
    CLOSE_MOST = HEAD_BYTES + UUID_BYTES + 2 + 1 + 1 + ERROR_BYTES + 3 * 4 + UUID_BYTES + 3 * 8 +
                 11 * 8 + 1 + 1 + PRICE_KINDS * LINE_BYTES + 8 + 1 +
                 LEDGER_ATTEMPTS_MAX * ATTEMPT_BYTES + 1 + LEDGER_STEPS_MAX * 4 + 128 + 128 + 256 +
                 2 * 3,
};
static_assert(OPEN_MOST + 8 <= RECORD_OPEN_MAX_BYTES, "an open must always fit");
static_assert(CLOSE_MOST + 8 <= RECORD_CLOSE_MAX_BYTES, "a close must always fit");
static_assert(ARRAY_LEN(open_text) == 11 && ARRAY_LEN(close_text) == 3, "sizes above");

/* Multiply and xor-shift over words: each step is a bijection, so damage within one word is always
 * seen, any other with all but 2^-64; needs no table and runs at several bytes a cycle. Against
 * accidents only: whoever can write the folder needs no forgery. */
static uint64_t checksum(const uint8_t *p, size_t len)
{
    uint64_t h = 0x646f7465622d7631; /* "doteb-v1": zeros do not sum to zero */
    for (size_t i = 0; i < len; i += 8) {
        uint64_t w;
        memcpy(&w, p + i, 8);
        h = (h ^ le64toh(w)) * 0x9E3779B97F4A7C15;
        h ^= h >> 29;
    }
    return h;
}

/* ---------------------------------------------------------------- writing */

struct out {
    uint8_t *p;
    size_t n;
};

static void put_bytes(struct out *o, const void *p, size_t len)
{
    memcpy(o->p + o->n, p, len);
    o->n += len;
}

static void put_u8(struct out *o, unsigned v)
{
    o->p[o->n++] = (uint8_t)v;
}

static void put_u16(struct out *o, unsigned v)
{
    uint16_t le = htole16((uint16_t)v);
    put_bytes(o, &le, 2);
}

static void put_i32(struct out *o, int32_t v)
{
    uint32_t le = htole32((uint32_t)v);
    put_bytes(o, &le, 4);
}

static void put_i64(struct out *o, int64_t v)
{
    uint64_t le = htole64((uint64_t)v);
    put_bytes(o, &le, 8);
}

static void put_uuid(struct out *o, const struct uuid *u)
{
    put_bytes(o, u->b, sizeof u->b);
}

/* Error names are printable ASCII; anything after is left out. */
static void put_error(struct out *o, const char name[32])
{
    size_t len = 0;
    while (len < 31 && name[len] >= 0x20 && name[len] < 0x7f)
        len++;
    put_u8(o, (unsigned)len);
    put_bytes(o, name, len);
}

static void put_text(struct out *o, struct str s, const struct text_field *f)
{
    size_t at = o->n;
    o->n += 2;
    bool cut = false;
    size_t len = utf8_clean(s, (char *)o->p + o->n, f->cap, &cut);
    if (f->fit == TEXT_WHOLE && (cut || len != s.len || !str_is_utf8(s)))
        len = 0;
    if (f->fit == TEXT_LIST && cut) {
        while (len > 0 && o->p[o->n + len - 1] != ',')
            len--;
        len -= len > 0;
    }
    uint16_t le = htole16((uint16_t)len);
    memcpy(o->p + at, &le, 2);
    o->n += len;
}

static void put_texts(struct out *o, const void *base, const struct text_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct str s;
        memcpy(&s, (const char *)base + fields[i].offset, sizeof s);
        put_text(o, s, &fields[i]);
    }
}

/* Pads, fills in the head, returns the record's length. */
static size_t finish(struct out *o, unsigned kind)
{
    while (o->n % 8 != 0)
        o->p[o->n++] = 0;
    struct out head = {.p = o->p, .n = 8};
    put_u16(&head, (unsigned)o->n);
    put_u8(&head, kind);
    put_u8(&head, RECORD_VERSION);
    put_i32(&head, 0);
    uint64_t sum = htole64(checksum(o->p + 8, o->n - 8));
    memcpy(o->p, &sum, 8);
    return o->n;
}

size_t record_encode_open(const struct ledger_open *r, uint8_t *out)
{
    struct out o = {.p = out, .n = HEAD_BYTES};
    put_uuid(&o, &r->request_id);
    put_uuid(&o, &r->organisation_id);
    put_uuid(&o, &r->project_id);
    put_uuid(&o, &r->api_key_id);
    put_uuid(&o, &r->user_id);
    put_uuid(&o, &r->provider_key_id);
    put_i64(&o, r->created_us);
    put_u16(&o, r->retention_days);
    put_u8(&o, r->endpoint);
    put_u8(&o, (r->streamed ? OPEN_STREAMED : 0U) | (r->lent ? OPEN_LENT : 0U));
    put_i32(&o, r->provider_id);
    put_i32(&o, r->model_id);
    put_i32(&o, r->offer_id);
    put_i64(&o, r->estimated_input);
    put_i64(&o, r->estimated_output);
    put_i64(&o, r->estimated_pico);
    put_bytes(&o, r->client_ip, sizeof r->client_ip);
    put_texts(&o, r, open_text, ARRAY_LEN(open_text));
    return finish(&o, DISK_OPEN);
}

static void put_usage(struct out *o, const struct usage *u)
{
    const int64_t counts[] = {u->input,       u->cached,       u->cache_write_5m, u->cache_write_1h,
                              u->audio_input, u->cached_audio, u->image_input,    u->output,
                              u->reasoning,   u->audio_output, u->web_searches};
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        put_i64(o, counts[i]);
    put_u8(o, u->estimated);
}

static void put_cost(struct out *o, const struct cost *c)
{
    ASSERT(c->n <= PRICE_KINDS);
    put_u8(o, c->n);
    for (size_t i = 0; i < c->n; i++) {
        const struct cost_line *l = &c->line[i];
        ASSERT(l->kind < PRICE_KINDS && l->price.femto >= 0);
        put_u8(o, l->kind);
        put_i64(o, l->quantity);
        put_i64(o, l->price.femto);
        put_i64(o, l->multiplier_milli);
        put_i64(o, l->amount_pico);
    }
    put_i64(o, c->total_pico);
}

static void put_attempts(struct out *o, const struct ledger_close *c)
{
    ASSERT(c->n_attempts <= LEDGER_ATTEMPTS_MAX);
    put_u8(o, c->n_attempts);
    for (size_t i = 0; i < c->n_attempts; i++) {
        const struct ledger_attempt *a = &c->attempt[i];
        put_i32(o, a->offer_id);
        put_i32(o, a->provider_id);
        put_uuid(o, &a->provider_key_id);
        put_u16(o, (a->status & (ATTEMPT_LENT - 1U)) | (a->lent ? (unsigned)ATTEMPT_LENT : 0U));
        put_error(o, a->error);
        put_i64(o, a->start_us);
        put_i64(o, a->first_byte_us);
        put_i64(o, a->duration_us);
    }
}

size_t record_encode_close(const struct ledger_close *c, uint8_t *out)
{
    ASSERT(c->n_steps <= LEDGER_STEPS_MAX);
    struct out o = {.p = out, .n = HEAD_BYTES};
    put_uuid(&o, &c->request_id);
    put_u16(&o, c->status);
    put_u8(&o, c->outcome);
    put_u8(&o, c->finish_reason);
    put_error(&o, c->error);
    put_i32(&o, c->provider_id);
    put_i32(&o, c->model_id);
    put_i32(&o, c->offer_id);
    put_uuid(&o, &c->provider_key_id);
    put_i64(&o, c->duration_us);
    put_i64(&o, c->ttft_us);
    put_i64(&o, c->overhead_us);
    put_usage(&o, &c->usage);
    put_cost(&o, &c->cost);
    put_attempts(&o, c);
    put_u8(&o, c->n_steps);
    for (size_t i = 0; i < c->n_steps; i++)
        put_i32(&o, (int32_t)c->step_us[i]);
    put_texts(&o, c, close_text, ARRAY_LEN(close_text));
    return finish(&o, DISK_CLOSE);
}

/* ---------------------------------------------------------------- reading */

struct in {
    const uint8_t *p;
    size_t n, len;
    bool bad;
};

static void get_bytes(struct in *i, void *out, size_t len)
{
    if (i->bad || i->len - i->n < len) {
        i->bad = true;
        memset(out, 0, len);
        return;
    }
    memcpy(out, i->p + i->n, len);
    i->n += len;
}

static uint8_t get_u8(struct in *i)
{
    uint8_t v;
    get_bytes(i, &v, 1);
    return v;
}

static uint16_t get_u16(struct in *i)
{
    uint16_t v;
    get_bytes(i, &v, 2);
    return le16toh(v);
}

static int32_t get_i32(struct in *i)
{
    uint32_t v;
    get_bytes(i, &v, 4);
    return (int32_t)le32toh(v);
}

static int64_t get_i64(struct in *i)
{
    uint64_t v;
    get_bytes(i, &v, 8);
    return (int64_t)le64toh(v);
}

static bool get_bool(struct in *i)
{
    uint8_t v = get_u8(i);
    i->bad |= v > 1;
    return v == 1;
}

/* A count of at most `most`. */
static uint8_t get_count(struct in *i, uint8_t most)
{
    uint8_t n = get_u8(i);
    i->bad |= n > most;
    return i->bad ? 0 : n;
}

static void get_error(struct in *i, char out[32])
{
    memset(out, 0, 32);
    uint8_t len = get_count(i, 31);
    get_bytes(i, out, len);
    for (size_t k = 0; k < len; k++)
        i->bad |= out[k] < 0x20 || out[k] >= 0x7f;
}

static void get_texts(struct in *i, void *base, const struct text_field *fields, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        struct str s = str_make("", get_u16(i));
        if (i->bad || s.len > fields[k].cap || i->len - i->n < s.len) {
            i->bad = true;
            s.len = 0;
        } else if (s.len > 0) {
            s.p = (const char *)i->p + i->n;
            i->n += s.len;
            i->bad |= !str_is_utf8(s) || str_find(s, '\0') >= 0;
        }
        memcpy((char *)base + fields[k].offset, &s, sizeof s);
    }
}

/* Only the padding is left, and it is zeros. */
static bool ends_well(struct in *i)
{
    if (i->bad || i->len - i->n >= 8)
        return false;
    while (i->n < i->len)
        i->bad |= i->p[i->n++] != 0;
    return !i->bad;
}

enum record_kind record_peek(struct str bytes, size_t *len)
{
    if (bytes.len < HEAD_BYTES)
        return RECORD_NONE;
    const uint8_t *p = (const uint8_t *)bytes.p;
    struct in i = {.p = p, .len = HEAD_BYTES};
    uint64_t sum = (uint64_t)get_i64(&i);
    uint16_t n = get_u16(&i);
    uint8_t kind = get_u8(&i);
    uint8_t version = get_u8(&i);
    int32_t zero = get_i32(&i);
    if (sum == 0 && n == 0 && kind == 0 && version == 0 && zero == 0)
        return RECORD_NONE;
    if (kind != DISK_OPEN && kind != DISK_CLOSE)
        return RECORD_TORN;
    size_t most = kind == DISK_OPEN ? RECORD_OPEN_MAX_BYTES : RECORD_CLOSE_MAX_BYTES;
    if (zero != 0 || n < HEAD_BYTES + UUID_BYTES || n > most || n % 8 != 0 || n > bytes.len)
        return RECORD_TORN;
    if (sum != checksum(p + 8, n - 8U))
        return RECORD_TORN;
    *len = n;
    return kind == DISK_OPEN ? RECORD_OPEN : RECORD_CLOSE;
}

static struct in begin(struct str bytes, unsigned kind)
{
    struct in i = {.p = (const uint8_t *)bytes.p, .len = bytes.len, .n = HEAD_BYTES};
    i.bad = bytes.len < HEAD_BYTES || i.p[10] != kind || i.p[11] != RECORD_VERSION;
    return i;
}

bool record_decode_open(struct str bytes, struct ledger_open *r)
{
    struct in i = begin(bytes, DISK_OPEN);
    get_bytes(&i, &r->request_id, UUID_BYTES);
    get_bytes(&i, &r->organisation_id, UUID_BYTES);
    get_bytes(&i, &r->project_id, UUID_BYTES);
    get_bytes(&i, &r->api_key_id, UUID_BYTES);
    get_bytes(&i, &r->user_id, UUID_BYTES);
    get_bytes(&i, &r->provider_key_id, UUID_BYTES);
    r->created_us = get_i64(&i);
    r->retention_days = get_u16(&i);
    r->endpoint = get_u8(&i);
    uint8_t flags = get_u8(&i);
    i.bad |= flags > (OPEN_STREAMED | OPEN_LENT);
    r->streamed = flags & OPEN_STREAMED;
    r->lent = flags & OPEN_LENT;
    r->provider_id = get_i32(&i);
    r->model_id = get_i32(&i);
    r->offer_id = get_i32(&i);
    r->estimated_input = get_i64(&i);
    r->estimated_output = get_i64(&i);
    r->estimated_pico = get_i64(&i);
    get_bytes(&i, r->client_ip, sizeof r->client_ip);
    get_texts(&i, r, open_text, ARRAY_LEN(open_text));
    return ends_well(&i);
}

static void get_usage(struct in *i, struct usage *u)
{
    u->input = get_i64(i);
    u->cached = get_i64(i);
    u->cache_write_5m = get_i64(i);
    u->cache_write_1h = get_i64(i);
    u->audio_input = get_i64(i);
    u->cached_audio = get_i64(i);
    u->image_input = get_i64(i);
    u->image_tokens = u->image_output = u->characters = -1; /* the lines of the cost tell them */
    u->pictures = u->audio_ms = -1;
    u->picture_price = 0;
    u->output = get_i64(i);
    u->reasoning = get_i64(i);
    u->audio_output = get_i64(i);
    u->web_searches = get_i64(i);
    u->estimated = get_bool(i);
}

static void get_cost(struct in *i, struct cost *c)
{
    c->n = get_count(i, PRICE_KINDS);
    for (size_t k = 0; k < c->n; k++) {
        struct cost_line *l = &c->line[k];
        l->kind = get_count(i, PRICE_KINDS - 1);
        l->quantity = get_i64(i);
        l->price.femto = get_i64(i);
        l->multiplier_milli = get_i64(i);
        l->amount_pico = get_i64(i);
        i->bad |= l->price.femto < 0;
    }
    c->total_pico = get_i64(i);
}

static void get_attempts(struct in *i, struct ledger_close *c)
{
    c->n_attempts = get_count(i, LEDGER_ATTEMPTS_MAX);
    for (size_t k = 0; k < c->n_attempts; k++) {
        struct ledger_attempt *a = &c->attempt[k];
        a->offer_id = get_i32(i);
        a->provider_id = get_i32(i);
        get_bytes(i, &a->provider_key_id, UUID_BYTES);
        a->status = get_u16(i);
        a->lent = a->status & ATTEMPT_LENT;
        a->status &= ATTEMPT_LENT - 1;
        get_error(i, a->error);
        a->start_us = get_i64(i);
        a->first_byte_us = get_i64(i);
        a->duration_us = get_i64(i);
    }
}

bool record_decode_close(struct str bytes, struct ledger_close *c)
{
    struct in i = begin(bytes, DISK_CLOSE);
    get_bytes(&i, &c->request_id, UUID_BYTES);
    c->status = get_u16(&i);
    c->outcome = get_u8(&i);
    c->finish_reason = get_u8(&i);
    get_error(&i, c->error);
    c->provider_id = get_i32(&i);
    c->model_id = get_i32(&i);
    c->offer_id = get_i32(&i);
    get_bytes(&i, &c->provider_key_id, UUID_BYTES);
    c->duration_us = get_i64(&i);
    c->ttft_us = get_i64(&i);
    c->overhead_us = get_i64(&i);
    get_usage(&i, &c->usage);
    get_cost(&i, &c->cost);
    get_attempts(&i, c);
    c->n_steps = get_count(&i, LEDGER_STEPS_MAX);
    for (size_t k = 0; k < c->n_steps; k++)
        c->step_us[k] = (uint32_t)get_i32(&i);
    get_texts(&i, c, close_text, ARRAY_LEN(close_text));
    return ends_well(&i);
}
