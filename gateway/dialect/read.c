/* The readers' common calls over the pull parser. Pure but for the arena; any thread. */
#include "gateway/dialect/read.h"

#include <stdarg.h>
#include <stdio.h>

#include "gateway/dialect/refuse.h"

void rd_init(struct reader *r, struct str body, struct arena *a, struct dialect_refusal *why)
{
    *r = (struct reader){.a = a, .why = why};
    json_scan_init(&r->s, body, why != NULL);
    if (why)
        *why = (struct dialect_refusal){.err = E_OK};
}

void rd_init_known(struct reader *r, struct str body, struct arena *a)
{
    rd_init(r, body, a, NULL);
    json_scan_init_known(&r->s, body);
}

bool rd_refuse(struct reader *r, enum err err, struct str field, const char *fmt, ...)
{
    va_list ap;
    if (r->why && !r->failed) {
        va_start(ap, fmt);
        dialect_refuse_va(r->a, r->why, err, field, fmt, ap);
        va_end(ap);
    }
    r->failed = true;
    return false;
}

bool rd_missing(struct reader *r, const char *field)
{
    return rd_refuse(r, E_MISSING_FIELD, str_of(field), "The required field '%s' is missing.",
                     field);
}

/* The token that begins the value in hand. */
static enum json_token take(struct reader *r)
{
    r->failed |= arena_is_over(r->a);
    if (r->failed)
        return JSON_ERROR;
    enum json_token t = r->pending ? r->s.token : json_scan_next(&r->s);
    r->pending = false;
    if (t == JSON_ERROR)
        r->failed = true;
    return t;
}

enum json_token rd_peek(struct reader *r)
{
    enum json_token t = take(r);
    r->pending = t != JSON_ERROR;
    return t;
}

/* A value of another type than wanted. */
static bool unfit(struct reader *r, const char *field, unsigned wanted, enum json_token t)
{
    if (t == JSON_ERROR)
        return false;
    if (r->why && t != JSON_NULL) {
        r->failed = true;
        return dialect_refuse_type(r->a, r->why, str_of(field), wanted, t);
    }
    if (!json_scan_value(&r->s, t).p)
        r->failed = true;
    return false;
}

bool rd_object(struct reader *r, const char *field)
{
    enum json_token t = take(r);
    return t == JSON_OBJECT_BEGIN || unfit(r, field, 1u << JSON_OBJECT_BEGIN, t);
}

bool rd_array(struct reader *r, const char *field)
{
    enum json_token t = take(r);
    return t == JSON_ARRAY_BEGIN || unfit(r, field, 1u << JSON_ARRAY_BEGIN, t);
}

bool rd_key(struct reader *r, struct str *key)
{
    if (r->failed)
        return false;
    ASSERT(!r->pending);
    enum json_token t = json_scan_next(&r->s);
    if (t == JSON_ERROR)
        r->failed = true;
    if (t != JSON_KEY)
        return false;
    *key = rd_decoded(r);
    return true;
}

bool rd_element(struct reader *r)
{
    return rd_peek(r) != JSON_ERROR && (r->s.token != JSON_ARRAY_END || (r->pending = false));
}

struct str rd_decoded(struct reader *r)
{
    if (!r->s.escaped)
        return r->s.raw;
    char *p = arena_alloc(r->a, r->s.raw.len);
    return str_make(p, json_decode_into(r->s.raw, p));
}

bool rd_text(struct reader *r, const char *field, struct str *raw)
{
    enum json_token t = take(r);
    if (t != JSON_STRING)
        return unfit(r, field, 1u << JSON_STRING, t);
    *raw = r->s.raw;
    return true;
}

struct str rd_slashes(struct arena *a, struct str raw)
{
    if (str_find(raw, '\\') < 0)
        return raw;
    char *p = arena_alloc(a, raw.len);
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.p[i] == '\\' && i + 1 < raw.len && raw.p[++i] != '/')
            p[n++] = '\\';
        p[n++] = raw.p[i];
    }
    return str_make(p, n);
}

bool rd_string(struct reader *r, const char *field, struct str *decoded)
{
    struct str raw;
    if (!rd_text(r, field, &raw))
        return false;
    *decoded = rd_decoded(r);
    return true;
}

bool rd_number(struct reader *r, const char *field, struct str *raw)
{
    enum json_token t = take(r);
    if (t != JSON_NUMBER)
        return unfit(r, field, 1u << JSON_NUMBER, t);
    *raw = r->s.raw;
    return true;
}

bool rd_i64(struct reader *r, const char *field, int64_t *out)
{
    struct str raw;
    int64_t v;
    if (!rd_number(r, field, &raw))
        return false;
    if (!json_whole(raw, &v)) {
        if (r->why)
            rd_refuse(r, E_BAD_FIELD, str_of(field), "'%s' must be an integer.", field);
        return false;
    }
    *out = v;
    return true;
}

bool rd_bool(struct reader *r, const char *field, bool *out)
{
    enum json_token t = take(r);
    if (t != JSON_TRUE && t != JSON_FALSE)
        return unfit(r, field, 1u << JSON_TRUE | 1u << JSON_FALSE, t);
    *out = t == JSON_TRUE;
    return true;
}

bool rd_raw(struct reader *r, struct str *raw)
{
    enum json_token t = take(r);
    if (t == JSON_ERROR)
        return false;
    struct str value = json_scan_value(&r->s, t);
    if (!value.p)
        r->failed = true;
    if (!value.p || t == JSON_NULL)
        return false;
    *raw = value;
    return true;
}

void rd_skip(struct reader *r)
{
    struct str ignored;
    (void)rd_raw(r, &ignored);
}

void rd_param(struct reader *r, const char *field, struct ir_param *out)
{
    enum json_token t = rd_peek(r);
    struct str raw;
    if (t == JSON_OBJECT_BEGIN || t == JSON_ARRAY_BEGIN) {
        take(r);
        (void)unfit(r, field, 1u << JSON_STRING | 1u << JSON_NUMBER | 1u << JSON_TRUE, t);
        return;
    }
    if (rd_raw(r, &raw))
        *out = (struct ir_param){.raw = raw, .field = field};
}

bool rd_body(struct reader *r)
{
    enum json_token t = take(r);
    if (t == JSON_OBJECT_BEGIN)
        return true;
    if (t != JSON_ERROR)
        rd_refuse(r, E_BAD_JSON, STR(""), "The request body must be a JSON object.");
    return false;
}

bool rd_done(struct reader *r)
{
    if (!r->failed) {
        ASSERT(!r->pending);
        if (json_scan_next(&r->s) == JSON_END)
            return true;
        r->failed = true;
    }
    if (r->why && r->why->err == E_OK)
        dialect_refuse_syntax(r->a, r->why, &r->s);
    return false;
}

bool rd_once(struct reader *r, struct rd_keys *seen, struct str key)
{
    for (size_t i = 0; i < seen->n; i++)
        if (str_eq(seen->key[i], key))
            return rd_refuse(r, E_REPEATED_KEY, key, "The field '" STR_FMT "' is given twice.",
                             STR_ARG(dialect_short(key)));
    if (seen->n == RD_KEYS_MAX)
        return rd_refuse(r, E_BAD_FIELD, key, "The request has over %d fields.", RD_KEYS_MAX);
    seen->key[seen->n++] = key;
    return true;
}
