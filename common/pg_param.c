/* Statement parameters: constructors, and packing them for libpq. Any thread. Never logs a value.
 */
#include "common/pg_priv.h"

#include <limits.h>

#include "common/clock.h"
#include "common/mem.h"

struct pg_param pgp_null(void)
{
    return (struct pg_param){.kind = PGP_NULL};
}

struct pg_param pgp_text(struct str s)
{
    return (struct pg_param){.kind = PGP_TEXT, .s = s};
}

struct pg_param pgp_cstr(const char *z)
{
    return z ? pgp_text(str_of(z)) : pgp_null();
}

struct pg_param pgp_bytes(const void *p, size_t len)
{
    return (struct pg_param){.kind = PGP_BYTES, .s = str_make(p, len)};
}

static struct pg_param inlined(const char *text, size_t len)
{
    struct pg_param p = {.kind = PGP_TEXT, .inline_len = (uint8_t)len};
    ASSERT(len > 0 && len < sizeof p.inline_text);
    memcpy(p.inline_text, text, len);
    return p;
}

struct pg_param pgp_i64(int64_t v)
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
    return inlined(tmp + at, sizeof tmp - at);
}

struct pg_param pgp_bool(bool v)
{
    return inlined(v ? "t" : "f", 1);
}

struct pg_param pgp_uuid(struct uuid u)
{
    char text[UUID_TEXT_LEN + 1];
    uuid_format(u, text);
    return inlined(text, UUID_TEXT_LEN);
}

/* "2026-11-23T01:02:03.456789Z": the ISO form with three more digits before its Z. */
struct pg_param pgp_time_us(int64_t wall_us)
{
    char text[25 + 3];
    clock_format_iso(wall_us, text);
    int us = wall_us > 0 ? (int)(wall_us % 1000) : 0;
    for (int i = 25; i >= 23; i--) {
        text[i] = (char)('0' + us % 10);
        us /= 10;
    }
    text[26] = 'Z';
    return inlined(text, 27);
}

static bool packable(const struct pg_param *p)
{
    if (p->kind == PGP_NULL)
        return true;
    if (p->s.len > INT_MAX / 2)
        return false;
    return p->kind == PGP_BYTES || str_find(p->s, '\0') < 0;
}

/* Writes parameter `i` and returns where the next text goes. */
static char *pack_one(struct pg_packed *out, size_t i, const struct pg_param *p, char *text)
{
    out->values[i] = NULL;
    out->lengths[i] = 0;
    out->formats[i] = p->kind == PGP_BYTES;
    if (p->kind == PGP_BYTES) {
        out->values[i] = p->s.p ? p->s.p : "";
        out->lengths[i] = (int)p->s.len;
    } else if (p->kind == PGP_TEXT && p->inline_len) {
        out->values[i] = p->inline_text;
    } else if (p->kind == PGP_TEXT) {
        if (p->s.len)
            memcpy(text, p->s.p, p->s.len);
        text[p->s.len] = '\0';
        out->values[i] = text;
        text += p->s.len + 1;
    }
    return text;
}

bool pg_pack(struct pg_packed *out, const struct pg_param *params, size_t n, size_t *bad)
{
    size_t bytes = n * (sizeof *out->values + sizeof *out->lengths + sizeof *out->formats);
    *out = (struct pg_packed){.block = NULL};
    for (size_t i = 0; i < n; i++) {
        if (!packable(&params[i])) {
            *bad = i;
            return false;
        }
        if (params[i].kind == PGP_TEXT && !params[i].inline_len)
            bytes += params[i].s.len + 1;
    }
    out->block = xmalloc(bytes);
    out->values = out->block;
    out->lengths = (int *)(void *)(out->values + n);
    out->formats = out->lengths + n;
    char *text = (char *)(out->formats + n);
    for (size_t i = 0; i < n; i++)
        text = pack_one(out, i, &params[i], text);
    return true;
}

void pg_packed_fini(struct pg_packed *p)
{
    xfree(p->block);
    p->block = NULL;
}
