/* Schemas of answers: strict ones, wrapped ones, and the value taken out of a wrapped answer. */
#include "gateway/dialect/schema.h"

#include "gateway/dialect/answer_format.h"
#include "tests/unit/unit.h"

#define CLOSED ",\"additionalProperties\":false"

static const struct {
    const char *schema, *strict; /* NULL: cannot be */
} stricts[] = {
    {"{\"type\":\"object\"}", "{\"type\":\"object\"" CLOSED "}"},
    {"{\"type\":\"object\",\"additionalProperties\":false}",
     "{\"type\":\"object\",\"additionalProperties\":false}"},
    {"{\"properties\":{\"a\":{\"type\":[\"object\",\"null\"]}}}",
     "{\"properties\":{\"a\":{\"type\":[\"object\",\"null\"]" CLOSED "}}" CLOSED "}"},
    /* a property is no keyword, whatever its name */
    {"{\"type\":\"object\",\"properties\":{\"minimum\":{\"type\":\"string\"},\"$ref\":{\"enum\":[1]}}}",
     "{\"type\":\"object\",\"properties\":{\"minimum\":{\"type\":\"string\"},\"$ref\":{\"enum\":[1]}}" CLOSED
     "}"},
    {"{\"type\":\"array\",\"items\":{\"type\":\"object\"},\"minItems\":1}",
     "{\"type\":\"array\",\"items\":{\"type\":\"object\"" CLOSED "},\"minItems\":1}"},
    {"{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"type\":\"object\"},\"b\":{\"anyOf\":[{\"$ref\":\"#/$defs/a\"}]}}}",
     "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"type\":\"object\"" CLOSED
     "},\"b\":{\"anyOf\":[{\"$ref\":\"#/$defs/a\"}]}}}"},
    {"{\"type\":\"string\",\"pattern\":\"^a$\",\"format\":\"date\",\"default\":{\"minimum\":1}}",
     "{\"type\":\"string\",\"pattern\":\"^a$\",\"format\":\"date\",\"default\":{\"minimum\":1}}"},
    /* what no grammar holds to */
    {"{\"type\":\"object\",\"additionalProperties\":true}", NULL},
    {"{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}", NULL},
    {"{\"type\":\"integer\",\"minimum\":1}", NULL},
    {"{\"type\":\"array\",\"items\":{\"type\":\"string\",\"maxLength\":3}}", NULL},
    {"{\"type\":\"array\",\"minItems\":2}", NULL},
    {"{\"oneOf\":[{\"type\":\"string\"}]}", NULL},
    {"{\"type\":\"string\",\"pattern\":\"(?=a)\"}", NULL},
    {"{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}}}", NULL},
    {"{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"items\":{\"$ref\":\"#/$defs/a\"}}}}", NULL},
    {"{\"$ref\":\"#/definitions/a\",\"definitions\":{\"a\":{\"items\":{\"$ref\":\"#/definitions/b\"}},"
     "\"b\":{\"anyOf\":[{\"$ref\":\"#/definitions/a\"}]}}}",
     NULL},
    {"{\"$ref\":\"https://example.com/a\"}", NULL},
    {"{\"type\":[\"object\",{}]}", NULL},
    {"{\"type\":[\"object\",{\"title\":\"t\"}]}", NULL},
    {"true", NULL},
    {"{\"anyOf\":[true]}", NULL},
    {"{\"type\":\"object\"", NULL},
};

START_TEST(closes_objects)
{
    struct arena *a = arena_new(4096);
    for (size_t i = 0; i < ARRAY_LEN(stricts); i++) {
        struct str got = schema_strict(str_of(stricts[i].schema), a);
        ck_assert_msg((got.p != NULL) == (stricts[i].strict != NULL), "%s", stricts[i].schema);
        if (got.p)
            ck_assert_text(got, stricts[i].strict);
    }
    arena_free(a);
}
END_TEST

#define WRAPPED(inner, more)                                                                       \
    "{\"type\":\"object\",\"properties\":{\"value\":" inner                                        \
    "},\"required\":[\"value\"],\"additionalProperties\":false" more "}"

static const struct {
    const char *schema;
    bool is_object;
    const char *wrapped; /* NULL: cannot be */
} roots[] = {
    {"{\"type\":\"object\"}", true, WRAPPED("{\"type\":\"object\"}", "")},
    {"{\"properties\":{}}", true, WRAPPED("{\"properties\":{}}", "")},
    {"{\"type\":\"array\"}", false, WRAPPED("{\"type\":\"array\"}", "")},
    {"{\"type\":[\"object\",\"null\"]}", false, WRAPPED("{\"type\":[\"object\",\"null\"]}", "")},
    {"{\"type\":\"object\",\"anyOf\":[]}", false,
     WRAPPED("{\"type\":\"object\",\"anyOf\":[]}", "")},
    {"{}", false, WRAPPED("{}", "")},
    {"true", false, WRAPPED("true", "")},
    {"{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{}}}", false,
     WRAPPED("{\"$ref\":\"#/$defs/a\"}", ",\"$defs\":{\"a\":{}}")},
    {"{\"anyOf\":[{\"$ref\":\"#\"}]}", false, NULL},
    {"{\"type\":\"array\",\"items\":{\"$ref\":\"#/properties/a\"}}", false, NULL},
};

START_TEST(knows_and_wraps_roots)
{
    struct arena *a = arena_new(4096);
    for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
        ck_assert_msg(schema_is_object(str_of(roots[i].schema)) == roots[i].is_object, "%s",
                      roots[i].schema);
        struct str got = schema_wrap(str_of(roots[i].schema), a);
        ck_assert_msg((got.p != NULL) == (roots[i].wrapped != NULL), "%s", roots[i].schema);
        if (got.p)
            ck_assert_text(got, roots[i].wrapped);
    }
    ck_assert_text(schema_of_arguments(STR("{ }"), a), "{\"type\":\"object\"}");
    ck_assert_text(schema_of_arguments(STR(" {\"properties\":{}}"), a),
                   "{\"type\":\"object\",\"properties\":{}}");
    ck_assert_text(schema_of_arguments(STR("{\"type\":\"object\"}"), a), "{\"type\":\"object\"}");
    arena_free(a);
}
END_TEST

/* Raw texts, and the raw value in them. */
static const struct {
    const char *text, *value;
} wraps[] = {
    {"{\\\"value\\\":[1,{\\\"a\\\":2}]}", "[1,{\\\"a\\\":2}]"},
    {" \\n{ \\\"value\\\" : \\\"a}\\\\\\\":{\\\" } ", " \\\"a}\\\\\\\":{\\\" "},
    {"{\\\"value\\\":7}", "7"},
    {"{\\\"value\\\":\\\"\\u00e9:\\\"}", "\\\"\\u00e9:\\\""},
    {"I will not: {}", "I will not: {}"},
};

START_TEST(unwraps_at_every_cut)
{
    for (size_t i = 0; i < ARRAY_LEN(wraps); i++) {
        struct str text = str_of(wraps[i].text);
        for (size_t cut = 0; cut <= text.len; cut++) {
            struct unwrap u = {0};
            struct buf b;
            if (cut > 0 && cut < text.len && text.p[cut - 1] == '\\')
                continue; /* no raw text ends within an escape */
            if (cut >= 2 && cut < text.len && text.p[cut - 2] == '\\' && text.p[cut - 1] == '\\')
                continue; /* nor do these: an escaped backslash and what it escapes */
            buf_init(&b, 256);
            buf_add_str(&b, unwrap_next(&u, str_make(text.p, cut)));
            buf_add_str(&b, unwrap_next(&u, str_make(text.p + cut, text.len - cut)));
            ck_assert_msg(str_eq(buf_str(&b), str_of(wraps[i].value)), "%s cut at %zu: " STR_FMT,
                          wraps[i].text, cut, STR_ARG(buf_str(&b)));
            buf_fini(&b);
        }
    }
}
END_TEST

UNIT_MAIN("schema", closes_objects, knows_and_wraps_roots, unwraps_at_every_cut)
