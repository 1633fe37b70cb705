/* Arguments of calls as objects and as strings. */
#include "gateway/dialect/arguments.h"

#include "tests/unit/unit.h"

static const struct {
    const char *raw;
    bool quoted;
    const char *object, *anyhow, *string; /* object NULL: refused */
} cases[] = {
    {"{\"a\":1}", false, "{\"a\":1}", "{\"a\":1}", "\"{\\\"a\\\":1}\""},
    {"{\\\"a\\\":\\\"\\\\n\\\"}", true, "{\"a\":\"\\n\"}", "{\"a\":\"\\n\"}",
     "\"{\\\"a\\\":\\\"\\\\n\\\"}\""},
    {"", true, "{}", "{}", "\"{}\""},
    {" \\n", true, "{}", "{}", "\" \\n\""},
    {"null", false, "{}", "{}", "\"{}\""},
    {"null", true, "{}", "{}", "\"{}\""},
    {"[1]", false, NULL, "{\"arguments\":\"[1]\"}", "\"[1]\""},
    {"{\\\"a\\\":", true, NULL, "{\"arguments\":\"{\\\"a\\\":\"}", "\"{\\\"a\\\":\""},
    {"{}{}", true, NULL, "{\"arguments\":\"{}{}\"}", "\"{}{}\""},
    /* an escape within an escape stays one; a line end between tokens ends no field */
    {"{\\\"a\\\":\\\"\\\\ud83d\\\"}", true, "{\"a\":\"\\ud83d\"}", "{\"a\":\"\\ud83d\"}",
     "\"{\\\"a\\\":\\\"\\\\ud83d\\\"}\""},
    {"{\n\"a\": 1.0e2}", false, "{ \"a\": 1.0e2}", "{ \"a\": 1.0e2}", "\"{\\n\\\"a\\\": 1.0e2}\""},
};

static struct json_write writer(struct buf *out)
{
    struct json_write w;
    buf_reset(out);
    json_write_init(&w, out);
    return w;
}

static void check(const struct buf *out, const char *want)
{
    ck_assert_msg(str_eq(buf_str(out), str_of(want)), "got " STR_FMT ", want %s",
                  STR_ARG(buf_str(out)), want);
}

static void check_case(size_t i)
{
    const struct ir_json json = {str_of(cases[i].raw), cases[i].quoted};
    struct buf out;
    buf_init(&out, 4096);
    struct json_write w = writer(&out);
    ck_assert_int_eq(args_write_object(&w, json), cases[i].object != NULL);
    check(&out, cases[i].object ? cases[i].object : "");
    w = writer(&out);
    args_write_object_anyhow(&w, json);
    check(&out, cases[i].anyhow);
    w = writer(&out);
    args_write_string(&w, json);
    check(&out, cases[i].string);
    buf_fini(&out);
}

START_TEST(writes_each_form)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check_case(i);
}
END_TEST

START_TEST(a_refusal_writes_nothing)
{
    struct buf out;
    buf_init(&out, 4096);
    struct json_write w = writer(&out);
    jw_object(&w);
    jw_key(&w, "x");
    ck_assert(!args_write_object(&w, (struct ir_json){STR("1"), false}));
    jw_lit(&w, "1");
    jw_end(&w);
    check(&out, "{\"x\":1}");
    w = writer(&out);
    args_write_fragment(&w, (struct ir_json){STR(""), true});
    check(&out, "\"\"");
    buf_fini(&out);
}
END_TEST

UNIT_MAIN("arguments", writes_each_form, a_refusal_writes_nothing)
