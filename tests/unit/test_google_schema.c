/* Google's schema language made JSON Schema. */
#include "common/mem.h"
#include "gateway/dialect/google_priv.h"
#include "tests/unit/unit.h"

static const struct {
    const char *own, *want;
} schemas[] = {
    {"{\"type\":\"OBJECT\"}", "{\"type\":\"object\"}"},
    {"{\"type\":\"string\",\"format\":\"enum\",\"enum\":[\"A\"]}",
     "{\"type\":\"string\",\"format\":\"enum\",\"enum\":[\"A\"]}"},
    {"{\"nullable\":true,\"type\":\"STRING\",\"enum\":[\"A\"]}",
     "{\"type\":[\"string\",\"null\"],\"enum\":[\"A\",null]}"},
    {"{\"nullable\":false,\"type\":\"TYPE_UNSPECIFIED\"}", "{}"},
    {"{\"type\":[\"string\",\"null\"]}", "{\"type\":[\"string\",\"null\"]}"},
    /* names of properties are no words of the language */
    {"{\"properties\":{\"type\":{\"type\":\"NUMBER\"},\"nullable\":{\"nullable\":true},"
     "\"min_items\":{}}}",
     "{\"properties\":{\"type\":{\"type\":\"number\"},\"nullable\":{},\"min_items\":{}}}"},
    {"{\"default\":{\"type\":\"OBJECT\"},\"example\":\"STRING\"}",
     "{\"default\":{\"type\":\"OBJECT\"},\"example\":\"STRING\"}"},
    {"{\"any_of\":[{\"type\":\"STRING\"}],\"nullable\":true}",
     "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}"},
    {"{\"min_items\":\"1\",\"maxLength\":\"x\",\"max_items\":3,\"minimum\":\"1\"}",
     "{\"minItems\":1,\"maxLength\":\"x\",\"maxItems\":3,\"minimum\":\"1\"}"},
    {"{\"min_length\":\"01\",\"max_length\":\"-0\",\"min_items\":\"1.0\"}", /* no JSON numbers */
     "{\"minLength\":1,\"maxLength\":0,\"minItems\":\"1.0\"}"},
    {"{\"ref\":\"#/defs/A\",\"defs\":{\"A\":{\"type\":\"BOOLEAN\"}},\"propertyOrdering\":[\"a\"]}",
     "{\"$ref\":\"#/$defs/A\",\"$defs\":{\"A\":{\"type\":\"boolean\"}}}"},
    {"{\"items\":{\"type\":\"ARRAY\",\"items\":{\"type\":\"INTEGER\"}},\"additionalProperties\":"
     "false}",
     "{\"items\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},\"additionalProperties\":"
     "false}"},
    {"{\"properties\":null,\"items\":true,\"enum\":1}", /* nonsense stays nonsense */
     "{\"properties\":null,\"items\":true,\"enum\":1}"},
    {"true", "true"},
    {"{}", "{}"},
};

START_TEST(schemas_become_json_schema)
{
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < ARRAY_LEN(schemas); i++)
        ck_assert_text(google_schema(str_of(schemas[i].own), arena), schemas[i].want);
    arena_free(arena);
}
END_TEST

START_TEST(deep_schemas_pass)
{
    struct buf b;
    struct arena *arena = arena_new(4096);
    buf_init(&b, 65536);
    for (int i = 0; i < 120; i++)
        buf_add_lit(&b, "{\"items\":");
    buf_add_lit(&b, "{\"type\":\"OBJECT\"}");
    for (int i = 0; i < 120; i++)
        buf_add_char(&b, '}');
    ck_assert_uint_eq(google_schema(buf_str(&b), arena).len, b.len);
    buf_fini(&b);
    arena_free(arena);
}
END_TEST

UNIT_MAIN("google_schema", schemas_become_json_schema, deep_schemas_pass)
