/* Query strings and JSON bodies by table. Job threads; input is bounded by the server (1 MB bodies,
 * heads by MHD's buffer). jansson refuses what is no UTF-8, repeated names and NULs.
 */
#include "control/input.h"

#include <stdarg.h>
#include <stdio.h>

#include "control/text_time.h"

/* A value from either source. */
struct value {
    bool text_only; /* from a query string: numbers and all as text */
    struct str text;
    const json_t *json;
};

bool input_refuse(struct call *c, const char *field, const char *fmt, ...)
{
    char why[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    reply_problem(&c->reply, P_INVALID, field, "%s: %s", field, why);
    return false;
}

static bool refuse(struct call *c, const struct input_row *row, const char *why)
{
    return input_refuse(c, row->name, "%s", why);
}

/* Characters of valid UTF-8; -1 if it has control characters. */
static int64_t text_chars(struct str s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char b = (unsigned char)s.p[i];
        if (b < 0x20 || b == 0x7f)
            return -1;
        n += (b & 0xc0) != 0x80;
    }
    return n;
}

static bool text_of(const struct value *v, struct str *out)
{
    *out = v->text;
    if (v->text_only)
        return true;
    if (!json_is_string(v->json))
        return false;
    *out = str_make(json_string_value(v->json), json_string_length(v->json));
    return true;
}

static void json_drop(void *json)
{
    json_decref(json);
}

static bool take_text(struct call *c, const struct input_row *row, const struct value *v)
{
    struct str s;
    if (!text_of(v, &s))
        return refuse(c, row, "give a string.");
    int64_t n = text_chars(s);
    if (n < 0)
        return refuse(c, row, "control characters are not allowed.");
    if (n < row->min || n > row->max)
        return input_refuse(c, row->name, "give %lld to %lld characters.", (long long)row->min,
                            (long long)row->max);
    *(struct str *)row->to = s;
    return true;
}

/* Unlike a text it may have any character: its handler judges it. Never echoed. */
static bool take_secret(struct call *c, const struct input_row *row, const struct value *v)
{
    struct str s;
    if (!text_of(v, &s) || (int64_t)s.len < row->min || (int64_t)s.len > row->max)
        return input_refuse(c, row->name, "give a string of %lld to %lld bytes.",
                            (long long)row->min, (long long)row->max);
    *(struct str *)row->to = s;
    return true;
}

static bool take_uuid(struct call *c, const struct input_row *row, const struct value *v)
{
    struct str s;
    return (text_of(v, &s) && uuid_parse(s, row->to)) || refuse(c, row, "give a UUID.");
}

static bool take_time(struct call *c, const struct input_row *row, const struct value *v)
{
    struct str s;
    return (text_of(v, &s) && text_time_parse(s, row->to)) ||
           refuse(c, row, "give a time as 2026-11-23T01:02:03Z.");
}

static bool take_int(struct call *c, const struct input_row *row, const struct value *v)
{
    int64_t n = 0;
    bool ok = v->text_only ? str_to_i64(v->text, &n) : json_is_integer(v->json);
    if (ok && !v->text_only)
        n = json_integer_value(v->json);
    if (!ok || n < row->min || n > row->max)
        return input_refuse(c, row->name, "give an integer from %lld to %lld.", (long long)row->min,
                            (long long)row->max);
    *(int64_t *)row->to = n;
    return true;
}

static bool take_bool(struct call *c, const struct input_row *row, const struct value *v)
{
    if (v->text_only || !json_is_boolean(v->json))
        return refuse(c, row, "give true or false.");
    *(bool *)row->to = json_is_true(v->json);
    return true;
}

static bool take_word(struct call *c, const struct input_row *row, const struct value *v)
{
    struct str s;
    struct buf list;
    if (text_of(v, &s))
        for (int i = 0; row->words[i]; i++)
            if (str_eq(s, str_of(row->words[i]))) {
                *(int *)row->to = i;
                return true;
            }
    buf_init(&list, 512);
    for (int i = 0; row->words[i]; i++)
        (void)buf_printf(&list, "%s%s", i ? ", " : "", row->words[i]);
    (void)input_refuse(c, row->name, "give one of %.*s.", STR_ARG(buf_str(&list)));
    buf_fini(&list);
    return false;
}

static bool take_object(struct call *c, const struct input_row *row, const struct value *v)
{
    if (v->text_only || !json_is_object(v->json))
        return refuse(c, row, "give an object.");
    *(const json_t **)row->to = v->json;
    return true;
}

static bool take_array(struct call *c, const struct input_row *row, const struct value *v)
{
    if (v->text_only || !json_is_array(v->json) || (int64_t)json_array_size(v->json) < row->min ||
        (int64_t)json_array_size(v->json) > row->max)
        return input_refuse(c, row->name, "give an array of %lld to %lld elements.",
                            (long long)row->min, (long long)row->max);
    *(const json_t **)row->to = v->json;
    return true;
}

static bool take_texts(struct call *c, const struct input_row *row, const struct value *v)
{
    enum { TEXT_MAX = 256 };
    size_t n = v->text_only ? 0 : json_array_size(v->json);
    if (v->text_only || !json_is_array(v->json) || (int64_t)n < row->min || (int64_t)n > row->max)
        return input_refuse(c, row->name, "give an array of %lld to %lld strings.",
                            (long long)row->min, (long long)row->max);
    json_t *seen = json_object();
    arena_defer(c->arena, json_drop, seen);
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(v->json, i);
        size_t len = json_string_length(one);
        if (len == 0 || len > TEXT_MAX || text_chars(str_make(json_string_value(one), len)) < 0)
            return refuse(c, row, "each is a string of 1 to 256 bytes without control characters.");
        if (json_object_get(seen, json_string_value(one)))
            return refuse(c, row, "one of them is given twice.");
        ASSERT(json_object_set_new(seen, json_string_value(one), json_true()) == 0);
    }
    *(const json_t **)row->to = v->json;
    return true;
}

typedef bool take_fn(struct call *c, const struct input_row *row, const struct value *v);

static take_fn *const takers[] = {
    [INPUT_TEXT] = take_text,   [INPUT_SECRET] = take_secret, [INPUT_UUID] = take_uuid,
    [INPUT_TIME] = take_time,   [INPUT_INT] = take_int,       [INPUT_BOOL] = take_bool,
    [INPUT_WORD] = take_word,   [INPUT_OBJECT] = take_object, [INPUT_ARRAY] = take_array,
    [INPUT_TEXTS] = take_texts,
};
static_assert(ARRAY_LEN(takers) == INPUT_TEXTS + 1, "one function per kind");

static bool take(struct call *c, const struct input_row *row, const struct value *v)
{
    if (!takers[row->kind](c, row, v))
        return false;
    if (row->given)
        *row->given = true;
    return true;
}

static const struct input_row *row_of(const struct input_row *rows, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(name, str_of(rows[i].name)))
            return &rows[i];
    return NULL;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent-decodes, '+' is a space. False: a broken escape, a NUL, or no UTF-8. */
static bool decode(struct arena *a, struct str s, struct str *out)
{
    char *p = arena_alloc(a, s.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] != '%') {
            p[n++] = s.p[i] == '+' ? ' ' : s.p[i];
            continue;
        }
        int high = i + 2 < s.len ? hex_value(s.p[i + 1]) : -1;
        int low = i + 2 < s.len ? hex_value(s.p[i + 2]) : -1;
        if (high < 0 || low < 0 || (high == 0 && low == 0))
            return false;
        p[n++] = (char)(high * 16 + low);
        i += 2;
    }
    *out = str_make(p, n);
    return str_is_utf8(*out);
}

static bool query_field(struct call *c, const struct input_row *rows, size_t n, struct str pair,
                        uint32_t *seen)
{
    struct str name, value = pair;
    struct str raw_name = str_cut(&value, '=');
    if (!decode(c->arena, raw_name, &name) ||
        !decode(c->arena, value.p ? value : STR(""), &value)) {
        reply_problem(&c->reply, P_BAD_REQUEST, NULL,
                      "The query string has a broken escape or is no UTF-8.");
        return false;
    }
    const struct input_row *row = row_of(rows, n, name);
    char *shown = arena_strdup(c->arena, str_make(name.p, name.len < 64 ? name.len : 64));
    if (!row)
        return input_refuse(c, shown, "there is no such query parameter.");
    uint32_t bit = UINT32_C(1) << (row - rows);
    if (*seen & bit)
        return input_refuse(c, shown, "it is given twice.");
    *seen |= bit;
    const struct value v = {.text_only = true, .text = value};
    return take(c, row, &v);
}

bool input_query(struct call *c, const struct input_row *rows, size_t n)
{
    uint32_t seen = 0;
    struct str rest = c->req.query;
    ASSERT(n <= 32);
    while (rest.p) {
        struct str pair = str_cut(&rest, '&');
        if (pair.len && !query_field(c, rows, n, pair, &seen))
            return false;
    }
    for (size_t i = 0; i < n; i++)
        if (rows[i].required && !(seen & UINT32_C(1) << i))
            return refuse(c, &rows[i], "it is missing.");
    return true;
}

static bool body_fields(struct call *c, const struct input_row *rows, size_t n, json_t *root)
{
    const char *name;
    json_t *json;
    json_object_foreach(root, name, json)
    {
        char *shown = arena_printf(c->arena, "%.64s", name);
        const struct input_row *row = row_of(rows, n, str_of(name));
        if (!row)
            return input_refuse(c, shown, "there is no such field.");
        const struct value v = {.json = json};
        bool none = row->nullable && json_is_null(json);
        if (!none && !take(c, row, &v))
            return false;
        if (none && row->given)
            *row->given = true;
    }
    for (size_t i = 0; i < n; i++)
        if (rows[i].required && !json_object_get(root, rows[i].name))
            return refuse(c, &rows[i], "it is missing.");
    return true;
}

bool input_body(struct call *c, const struct input_row *rows, size_t n)
{
    json_error_t why;
    struct str body = buf_str(&c->req.body);
    json_t *root = json_loadb(body.p, body.len, JSON_REJECT_DUPLICATES, &why);
    if (!root) {
        /* jansson quotes the input near the error, which may hold a secret: position only. */
        bool twice = json_error_code(&why) == json_error_duplicate_key;
        reply_problem(&c->reply, P_BAD_JSON, NULL,
                      "The body is not valid JSON: %s at line %d, column %d.",
                      twice ? "a field is given twice" : "it breaks off or has a syntax error",
                      why.line, why.column);
        return false;
    }
    arena_defer(c->arena, json_drop, root);
    if (json_is_object(root))
        return body_fields(c, rows, n, root);
    reply_problem(&c->reply, P_INVALID, NULL, "The body must be a JSON object.");
    return false;
}
