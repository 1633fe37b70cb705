/* See schema.h. Schemas are walked by the scanner, never decoded: strict ones are the text as it
 * stood with some words put in. Pure. */
#include "gateway/dialect/schema.h"

#include "common/buf.h"
#include "gateway/wire/json_scan.h"
#include "gateway/wire/json_write.h"

#define CLOSED ",\"additionalProperties\":false"
enum { DEFINITIONS_MAX = 63, INSERTS_MAX = 1024 };

/* ------------------------------------------------------------------ strict */

struct walk {
    struct json_scan s;
    bool good;
    size_t inserts[INSERTS_MAX], n_inserts; /* offsets of CLOSED, ascending */
    /* definitions by name, which of them refer to which, and the one in hand (else DEFINITIONS_MAX)
     */
    struct str names[DEFINITIONS_MAX];
    uint64_t refers[DEFINITIONS_MAX + 1];
    size_t n_names, in_hand;
};

/* What a keyword's value must be. */
enum kind {
    PLAIN,
    SCHEMA,
    SCHEMAS,     /* a list of them */
    PROPERTIES,  /* by name */
    DEFINITIONS, /* the same */
    TYPE,
    OPENNESS,
    REFERENCE,
    FEW, /* 0 or 1 */
    PATTERN,
};

static const struct {
    struct str word;
    enum kind kind;
} keywords[] = {
    {{"type", 4}, TYPE},         {{"properties", 10}, PROPERTIES},
    {{"required", 8}, PLAIN},    {{"additionalProperties", 20}, OPENNESS},
    {{"items", 5}, SCHEMA},      {{"anyOf", 5}, SCHEMAS},
    {{"allOf", 5}, SCHEMAS},     {{"$ref", 4}, REFERENCE},
    {{"$defs", 5}, DEFINITIONS}, {{"definitions", 11}, DEFINITIONS},
    {{"enum", 4}, PLAIN},        {{"const", 5}, PLAIN},
    {{"title", 5}, PLAIN},       {{"description", 11}, PLAIN},
    {{"default", 7}, PLAIN},     {{"format", 6}, PLAIN},
    {{"minItems", 8}, FEW},      {{"pattern", 7}, PATTERN},
    {{"$schema", 7}, PLAIN},
};

struct node {
    bool is_object, is_closed;
};

static void walk_schema(struct walk *w, enum json_token t);

static size_t definition(struct walk *w, struct str name)
{
    for (size_t i = 0; i < w->n_names; i++)
        if (str_eq(w->names[i], name))
            return i;
    if (w->n_names == DEFINITIONS_MAX)
        return DEFINITIONS_MAX;
    w->names[w->n_names] = name;
    return w->n_names++;
}

static bool skip(struct walk *w, enum json_token t)
{
    return json_scan_value(&w->s, t).p != NULL;
}

static void walk_list(struct walk *w, enum json_token t)
{
    w->good &= t == JSON_ARRAY_BEGIN;
    while (w->good && (t = json_scan_next(&w->s)) != JSON_ARRAY_END)
        walk_schema(w, t);
}

static void walk_map(struct walk *w, enum json_token t, bool definitions)
{
    size_t before = w->in_hand;
    w->good &= t == JSON_OBJECT_BEGIN;
    while (w->good && json_scan_next(&w->s) == JSON_KEY) {
        if (definitions)
            w->in_hand = definition(w, w->s.raw);
        w->good &= !definitions || w->in_hand < DEFINITIONS_MAX;
        walk_schema(w, json_scan_next(&w->s));
    }
    w->in_hand = before;
}

/* "object", or a list of words with it. */
static bool is_object(struct walk *w, enum json_token t)
{
    bool is = t == JSON_STRING && json_scan_is(&w->s, STR("object"));
    w->good &= t == JSON_STRING || t == JSON_ARRAY_BEGIN;
    while (w->good && t == JSON_ARRAY_BEGIN && json_scan_next(&w->s) == JSON_STRING)
        is |= json_scan_is(&w->s, STR("object"));
    w->good &= t == JSON_STRING || w->s.token == JSON_ARRAY_END; /* a list of words alone */
    return is;
}

/* Only definitions can be referred to; what refers to itself is no longer a schema of bounded
 * depth. */
static void walk_reference(struct walk *w, enum json_token t)
{
    static const struct str places[] = {{"#/$defs/", 8}, {"#/definitions/", 14}};
    size_t to = DEFINITIONS_MAX;
    for (size_t i = 0; t == JSON_STRING && i < ARRAY_LEN(places); i++) {
        struct str path = w->s.raw;
        if (str_starts(path, places[i]))
            to = definition(w, str_make(path.p + places[i].len, path.len - places[i].len));
    }
    w->good &= to < DEFINITIONS_MAX;
    if (w->good)
        w->refers[w->in_hand] |= UINT64_C(1) << to;
}

static bool is_few(struct str raw)
{
    return str_eq(raw, STR("0")) || str_eq(raw, STR("1"));
}

static void walk_value(struct walk *w, enum kind kind, enum json_token t, struct node *n)
{
    switch (kind) {
    case PLAIN:
        w->good &= skip(w, t);
        break;
    case SCHEMA:
        walk_schema(w, t);
        break;
    case SCHEMAS:
        walk_list(w, t);
        break;
    case PROPERTIES:
        n->is_object = true;
        walk_map(w, t, false);
        break;
    case DEFINITIONS:
        walk_map(w, t, true);
        break;
    case TYPE:
        n->is_object |= is_object(w, t);
        break;
    case OPENNESS:
        n->is_closed = true;
        w->good &= t == JSON_FALSE;
        break;
    case REFERENCE:
        walk_reference(w, t);
        break;
    case FEW:
        w->good &= t == JSON_NUMBER && is_few(w->s.raw);
        break;
    case PATTERN: /* no looking around */
        w->good &= t == JSON_STRING && str_find_str(w->s.raw, STR("(?")) < 0;
        break;
    }
}

static void walk_keyword(struct walk *w, struct node *n)
{
    for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
        if (!json_scan_is(&w->s, keywords[i].word))
            continue;
        walk_value(w, keywords[i].kind, json_scan_next(&w->s), n);
        return;
    }
    w->good = false;
}

static void walk_schema(struct walk *w, enum json_token t)
{
    struct node n = {false, false};
    w->good &= t == JSON_OBJECT_BEGIN;
    while (w->good && (t = json_scan_next(&w->s)) == JSON_KEY)
        walk_keyword(w, &n);
    w->good &= t == JSON_OBJECT_END;
    if (!w->good || !n.is_object || n.is_closed)
        return;
    w->good = w->n_inserts < INSERTS_MAX;
    if (w->good)
        w->inserts[w->n_inserts++] = w->s.begin;
}

/* Does a definition lead back to itself? */
static bool is_recursive(struct walk *w)
{
    for (size_t k = 0; k < w->n_names; k++)
        for (size_t i = 0; i < w->n_names; i++)
            if (w->refers[i] >> k & 1)
                w->refers[i] |= w->refers[k];
    for (size_t i = 0; i < w->n_names; i++)
        if (w->refers[i] >> i & 1)
            return true;
    return false;
}

struct str schema_strict(struct str schema, struct arena *a)
{
    struct walk *w = ARENA_NEW(a, struct walk);
    struct buf b;
    size_t at = 0;
    *w = (struct walk){.good = true, .in_hand = DEFINITIONS_MAX};
    json_scan_init(&w->s, schema, false);
    walk_schema(w, json_scan_next(&w->s));
    if (!w->good || is_recursive(w))
        return STR_NULL;
    if (w->n_inserts == 0)
        return schema;
    buf_init(&b, schema.len + w->n_inserts * sizeof CLOSED);
    for (size_t i = 0; i < w->n_inserts; i++) {
        (void)buf_add(&b, schema.p + at, w->inserts[i] - at);
        (void)buf_add_lit(&b, CLOSED);
        at = w->inserts[i];
    }
    (void)buf_add(&b, schema.p + at, schema.len - at);
    struct str text = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return text;
}

/* ------------------------------------------------------------------ roots */

bool schema_is_object(struct str schema)
{
    struct json_scan s;
    bool is = false;
    json_scan_init(&s, schema, false);
    if (json_scan_next(&s) != JSON_OBJECT_BEGIN)
        return false;
    while (json_scan_next(&s) == JSON_KEY) {
        bool type = json_scan_is(&s, STR("type"));
        bool choice = json_scan_is(&s, STR("anyOf")) || json_scan_is(&s, STR("oneOf")) ||
                      json_scan_is(&s, STR("allOf"));
        bool properties = json_scan_is(&s, STR("properties"));
        enum json_token t = json_scan_next(&s);
        if (choice || (type && !(t == JSON_STRING && json_scan_is(&s, STR("object")))))
            return false;
        is |= type || properties;
        if (!json_scan_value(&s, t).p)
            return false;
    }
    return is;
}

struct str schema_of_arguments(struct str schema, struct arena *a)
{
    struct json_scan s;
    bool typed = false;
    json_scan_init(&s, schema, false);
    if (json_scan_next(&s) != JSON_OBJECT_BEGIN)
        return schema; /* no object at all: the provider has the word */
    while (!typed && json_scan_next(&s) == JSON_KEY) {
        typed = json_scan_is(&s, STR("type"));
        (void)json_scan_value(&s, json_scan_next(&s));
    }
    if (typed || s.token == JSON_ERROR)
        return schema;
    struct str rest = str_trim(schema);
    rest = str_trim(str_make(rest.p + 1, rest.len - 1));
    return str_of(arena_printf(a, "{\"type\":\"object\"%s" STR_FMT,
                               str_starts(rest, STR("}")) ? "" : ",", STR_ARG(rest)));
}

/* Would all references be found if the definitions alone stayed at the root? */
static bool stays_whole(struct str schema)
{
    struct json_scan s;
    enum json_token t;
    json_scan_init(&s, schema, false);
    while ((t = json_scan_next(&s)) > JSON_END) {
        if (t != JSON_KEY || !json_scan_is(&s, STR("$ref")))
            continue;
        t = json_scan_next(&s);
        if (t == JSON_STRING && str_starts(s.raw, STR("#")) &&
            !str_starts(s.raw, STR("#/$defs/")) && !str_starts(s.raw, STR("#/definitions/")))
            return false;
    }
    return t == JSON_END;
}

/* The members of a schema: its definitions, or all but these. */
static void write_members(struct json_write *w, struct str schema, bool definitions)
{
    struct json_scan s;
    json_scan_init(&s, schema, false);
    (void)json_scan_next(&s);
    while (json_scan_next(&s) == JSON_KEY) {
        struct str key = s.raw;
        bool is = json_scan_is(&s, STR("$defs")) || json_scan_is(&s, STR("definitions"));
        struct str value = json_scan_value(&s, json_scan_next(&s));
        if (is != definitions)
            continue;
        jw_key_raw(w, key);
        jw_raw(w, value);
    }
}

struct str schema_wrap(struct str schema, struct arena *a)
{
    struct json_write w;
    struct buf b;
    bool is_map = str_starts(str_trim(schema), STR("{"));
    if (!stays_whole(schema))
        return STR_NULL;
    buf_init(&b, schema.len + 256);
    json_write_init(&w, &b);
    jw_object(&w);
    jw_key(&w, "type");
    jw_lit(&w, "\"object\"");
    jw_key(&w, "properties");
    jw_object(&w);
    jw_key(&w, "value");
    if (is_map) {
        jw_object(&w);
        write_members(&w, schema, false);
        jw_end(&w);
    } else {
        jw_raw(&w, schema);
    }
    jw_end(&w);
    jw_key(&w, "required");
    jw_lit(&w, "[\"value\"]");
    jw_key(&w, "additionalProperties");
    jw_lit(&w, "false");
    if (is_map)
        write_members(&w, schema, true);
    jw_end(&w);
    struct str text = b.failed ? STR_NULL : arena_str(a, buf_str(&b));
    buf_fini(&b);
    return text;
}
