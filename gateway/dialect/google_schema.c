/* Google's own schema language made JSON Schema: type words in lower case, `nullable` as a type,
 * counts that stand in strings as numbers. All else stays as it was. Pure; memory from the arena.
 */
#include "gateway/dialect/google_priv.h"
#include "gateway/wire/json_text.h"
#include "gateway/wire/json_write.h"

/* Schemas below are written as they stand (the writer has a bound of its own). */
enum { DEPTH_MAX = JSON_WRITE_DEPTH_MAX - 8, TYPE_WORD_MAX = 24 };

/* What must be known of a schema before its members are written. */
struct facts {
    bool nullable, has_type;
};

static void write_schema(struct json_write *w, struct str raw);

/* The next member of an object whose `{` was read: its key, and its value as it stands. */
static bool next_member(struct json_scan *s, struct str *key, struct str *value)
{
    if (json_scan_next(s) != JSON_KEY)
        return false;
    *key = s->raw;
    *value = json_scan_value(s, json_scan_next(s));
    return value->p != NULL;
}

static bool open_value(struct json_scan *s, struct str raw, enum json_token want)
{
    json_scan_init(s, raw, false);
    return json_scan_next(s) == want;
}

static bool is_word(struct str key, const char *camel)
{
    char text[TYPE_WORD_MAX];
    size_t n = 0;
    if (key.len > sizeof text)
        return false;
    for (size_t i = 0; i < key.len; i++) {
        bool up = key.p[i] == '_' && i > 0 && i + 1 < key.len;
        char c = key.p[up ? ++i : i];
        text[n++] = (char)(up && c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    return str_eq(str_make(text, n), str_of(camel));
}

static struct facts read_facts(struct str raw)
{
    struct json_scan s;
    struct str key, value;
    struct facts f = {false, false};
    if (!open_value(&s, raw, JSON_OBJECT_BEGIN))
        return f;
    while (next_member(&s, &key, &value)) {
        f.nullable |= is_word(key, "nullable") && str_eq(value, STR("true"));
        f.has_type |= is_word(key, "type");
    }
    return f;
}

static void write_type(struct json_write *w, struct str value, bool nullable)
{
    char text[TYPE_WORD_MAX];
    if (value.len > sizeof text || value.p[0] != '"' || str_find(value, '\\') >= 0) {
        jw_key(w, "type");
        jw_raw(w, value);
        return;
    }
    if (str_eq(value, STR("\"TYPE_UNSPECIFIED\"")))
        return;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.p[i];
        text[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    jw_key(w, "type");
    if (nullable)
        jw_array(w);
    jw_raw(w, str_make(text, value.len));
    if (nullable) {
        jw_lit(w, "\"null\"");
        jw_end(w);
    }
}

static void write_list(struct json_write *w, const char *key, struct str value, const char *last)
{
    struct json_scan s;
    enum json_token t;
    jw_key(w, key);
    if (!open_value(&s, value, JSON_ARRAY_BEGIN)) {
        jw_raw(w, value);
        return;
    }
    bool schemas = strcmp(key, "enum") != 0;
    jw_array(w);
    while ((t = json_scan_next(&s)) != JSON_ARRAY_END && t != JSON_ERROR) {
        struct str element = json_scan_value(&s, t);
        if (!element.p)
            break;
        if (schemas)
            write_schema(w, element);
        else
            jw_raw(w, element);
    }
    if (last)
        jw_raw(w, str_of(last));
    jw_end(w);
}

/* An object whose members' names are the caller's and whose values are schemas. */
static void write_map(struct json_write *w, const char *key, struct str value)
{
    struct json_scan s;
    struct str name, schema;
    jw_key(w, key);
    if (!open_value(&s, value, JSON_OBJECT_BEGIN)) {
        jw_raw(w, value);
        return;
    }
    jw_object(w);
    while (next_member(&s, &name, &schema)) {
        jw_key_raw(w, name);
        write_schema(w, schema);
    }
    jw_end(w);
}

/* Google writes 64-bit counts as strings. */
static bool write_count(struct json_write *w, struct str key, struct str value)
{
    static const char *const counts[] = {"minItems",      "maxItems",  "minProperties",
                                         "maxProperties", "minLength", "maxLength"};
    int64_t v;
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        if (!is_word(key, counts[i]))
            continue;
        bool quoted = value.len > 2 && value.p[0] == '"' &&
                      json_int(str_make(value.p + 1, value.len - 2), &v);
        jw_key(w, counts[i]);
        if (quoted)
            jw_i64(w, v);
        else
            jw_raw(w, value);
        return true;
    }
    return false;
}

static void write_reference(struct json_write *w, struct str value)
{
    static const struct str own = {"\"#/defs/", 8};
    jw_key(w, "$ref");
    if (!str_starts(value, own)) {
        jw_raw(w, value);
        return;
    }
    jw_text_begin(w);
    jw_text_add(w, STR("#/$defs/"));
    jw_text_add(w, str_make(value.p + own.len, value.len - own.len - 1));
    jw_text_end(w);
}

/* Members that hold schemas. False: it is none of them. */
static bool write_nested(struct json_write *w, const struct facts *f, struct str key,
                         struct str value)
{
    static const char *const lists[] = {"anyOf", "oneOf", "allOf", "prefixItems"};
    static const char *const single[] = {"items", "additionalProperties"};
    bool null = f->nullable && !f->has_type;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (!is_word(key, lists[i]))
            continue;
        write_list(w, lists[i], value, i == 0 && null ? "{\"type\":\"null\"}" : NULL);
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(single); i++) {
        if (!is_word(key, single[i]))
            continue;
        jw_key(w, single[i]);
        write_schema(w, value);
        return true;
    }
    bool defs = is_word(key, "defs") || is_word(key, "$defs");
    if (defs || is_word(key, "properties"))
        write_map(w, defs ? "$defs" : "properties", value);
    return defs || is_word(key, "properties");
}

static void write_member(struct json_write *w, const struct facts *f, struct str key,
                         struct str value)
{
    if (is_word(key, "nullable") || is_word(key, "propertyOrdering") ||
        write_nested(w, f, key, value))
        return;
    if (is_word(key, "type")) {
        write_type(w, value, f->nullable);
    } else if (is_word(key, "ref")) {
        write_reference(w, value);
    } else if (is_word(key, "enum")) {
        write_list(w, "enum", value, f->nullable ? "null" : NULL);
    } else if (!write_count(w, key, value)) {
        jw_key_raw(w, key);
        jw_raw(w, value);
    }
}

static void write_schema(struct json_write *w, struct str raw)
{
    struct json_scan s;
    struct str key, value;
    if (w->depth > DEPTH_MAX || !open_value(&s, raw, JSON_OBJECT_BEGIN)) {
        jw_raw(w, raw);
        return;
    }
    struct facts f = read_facts(raw);
    jw_object(w);
    while (next_member(&s, &key, &value))
        write_member(w, &f, key, value);
    jw_end(w);
}

struct str google_schema(struct str raw, struct arena *a)
{
    struct buf b;
    struct json_write w;
    if (!raw.p)
        return raw;
    buf_init(&b, raw.len * 3 + 64);
    json_write_init(&w, &b);
    write_schema(&w, raw);
    struct str text = b.failed ? raw : arena_str(a, buf_str(&b));
    buf_fini(&b);
    return text;
}
