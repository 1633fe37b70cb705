/* Schemas of answers: strict, wrapped and completed ones are JSON again and need no second time; a
 * value that was wrapped comes out again, wherever its text is cut.
 */
#include "gateway/dialect/schema.h"

#include "gateway/dialect/answer_format.h"
#include "gateway/wire/json_scan.h"
#include "gateway/wire/json_write.h"
#include "tests/fuzz/fuzz.h"

static bool is_json(struct str text)
{
    struct json_scan s;
    json_scan_init(&s, text, true);
    while (json_scan_next(&s) > JSON_END)
        continue;
    return s.token == JSON_END;
}

static void check_schemas(struct str schema, struct arena *a)
{
    struct str strict = schema_strict(schema, a);
    struct str wrapped = schema_wrap(schema, a);
    struct str arguments = schema_of_arguments(schema, a);
    if (strict.p)
        ASSERT(is_json(strict) && str_eq(schema_strict(strict, a), strict));
    if (wrapped.p)
        ASSERT(is_json(wrapped) && schema_is_object(wrapped));
    ASSERT(is_json(arguments) && str_eq(schema_of_arguments(arguments, a), arguments));
}

/* No raw text ends within an escape. */
static size_t good_cut(struct str raw, size_t cut)
{
    size_t slashes = 0;
    while (slashes < cut && raw.p[cut - slashes - 1] == '\\')
        slashes++;
    return cut - slashes % 2;
}

static void check_unwrap(struct str json, size_t cut)
{
    struct unwrap u = {0};
    struct buf text, want, got;
    buf_init(&text, json.len * 6 + 64);
    buf_init(&want, json.len * 6 + 64);
    buf_init(&got, json.len * 6 + 64);
    buf_add_lit(&text, "{\\\"value\\\":");
    ASSERT(json_quote_into(json, &text) && json_quote_into(json, &want));
    buf_add_lit(&text, "}");
    struct str raw = buf_str(&text);
    cut = good_cut(raw, cut % (raw.len + 1));
    buf_add_str(&got, unwrap_next(&u, str_make(raw.p, cut)));
    buf_add_str(&got, unwrap_next(&u, str_make(raw.p + cut, raw.len - cut)));
    ASSERT(str_eq(buf_str(&got), buf_str(&want)));
    buf_fini(&got);
    buf_fini(&want);
    buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    if (!is_json(text))
        return 0;
    struct arena *a = arena_new(4096);
    check_schemas(text, a);
    for (size_t i = 0; i < 8; i++)
        check_unwrap(text, size * i / 7 + i);
    arena_free(a);
    return 0;
}
