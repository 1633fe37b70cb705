/* Query strings, JSON bodies and cursors of the API, and what a refusal looks like. */
#include <sodium.h>

#include "control/input.h"
#include "control/page.h"
#include "tests/unit/unit.h"

static struct call *call_new(const char *query, const char *body)
{
    struct call *c = calloc(1, sizeof *c);
    c->arena = arena_new(1024);
    reply_init(&c->reply);
    buf_init(&c->req.body, BODY_MAX_BYTES);
    c->req.query = str_of(query);
    if (body)
        (void)buf_add(&c->req.body, body, strlen(body));
    return c;
}

static void call_free(struct call *c)
{
    reply_fini(&c->reply);
    buf_fini(&c->req.body);
    arena_free(c->arena);
    free(c);
}

struct fields {
    struct str name;
    int64_t n;
    int word;
    bool flag, flag_given;
};

static const char *const words[] = {"one", "two", NULL};

#define FIELD_ROWS(f)                                                                              \
    {                                                                                              \
        {.name = "name", .kind = INPUT_TEXT, .min = 1, .max = 3, .to = &(f)->name},                \
            {.name = "n", .kind = INPUT_INT, .min = -5, .max = 5, .to = &(f)->n},                  \
            {.name = "word", .kind = INPUT_WORD, .words = words, .to = &(f)->word},                \
            {.name = "flag", .kind = INPUT_BOOL, .to = &(f)->flag, .given = &(f)->flag_given},     \
    }

/* The status after reading; 0: accepted. */
static int read_with(bool query, const char *text, struct fields *f)
{
    struct call *c = call_new(query ? text : NULL, query ? NULL : text);
    *f = (struct fields){.word = -1};
    const struct input_row rows[] = FIELD_ROWS(f);
    bool ok = query ? input_query(c, rows, ARRAY_LEN(rows)) : input_body(c, rows, ARRAY_LEN(rows));
    ck_assert_int_eq(ok, c->reply.status == 0);
    int status = c->reply.status;
    f->name = STR_NULL; /* lies in the call */
    call_free(c);
    return status;
}

START_TEST(queries)
{
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {NULL, 0},          {"", 0},
        {"&&", 0},          {"n=3&word=two", 0},
        {"name=%41%62", 0}, {"name=%F0%9F%98%80", 0},
        {"name=a+b", 0},    {"name=", 422},
        {"name=abcd", 422}, {"name=%0a", 422},
        {"name=%ff", 400},  {"name=%00", 400},
        {"name=%4", 400},   {"name=%", 400},
        {"name=%zz", 400},  {"%6eame=x", 0},
        {"n=6", 422},       {"n=", 422},
        {"n=1&n=1", 422},   {"n", 422},
        {"flag=true", 422}, {"other=1", 422},
        {"=1", 422},        {"word=Two", 422},
    };
    struct fields f;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_msg(read_with(true, rows[i].text, &f) == rows[i].status, "%s",
                      rows[i].text ? rows[i].text : "(none)");
    ck_assert_int_eq(read_with(true, "n=-5&word=two", &f), 0);
    ck_assert(f.n == -5 && f.word == 1 && !f.flag_given);
}
END_TEST

START_TEST(bodies)
{
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {"{}", 0},
        {"", 400},
        {"[]", 422},
        {"{\"n\": 5}", 0},
        {"{\"n\": 5.0}", 422},
        {"{\"n\": \"5\"}", 422},
        {"{\"flag\": null}", 422},
        {"{\"name\": \"\\u00e9\\u00e9\\u00e9\"}", 0},
        {"{\"name\": \"\\ud83d\"}", 400},
        {"{\"name\": [\"a\"]}", 422},
        {"{\"n\": 1, \"n\": 1}", 400},
        {"{\"x\": 1}", 422},
        {"{\"word\": \"three\"}", 422},
    };
    struct fields f;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_msg(read_with(false, rows[i].text, &f) == rows[i].status, "%s", rows[i].text);
    ck_assert_int_eq(read_with(false, "{\"flag\": true, \"word\": \"one\"}", &f), 0);
    ck_assert(f.flag && f.flag_given && f.word == 0);
}
END_TEST

START_TEST(refusals_name_the_field)
{
    struct call *c = call_new(NULL, "{}");
    ck_assert(!input_refuse(c, "na\"me", "give %d.", 5));
    ck_assert_text(
        buf_str(&c->reply.body),
        "{\"type\":\"urn:doteb:problem:invalid\",\"title\":\"Invalid field\",\"status\":422,"
        "\"detail\":\"na\\\"me: give 5.\",\"field\":\"na\\\"me\"}\n");
    ck_assert_str_eq(c->reply.content_type, "application/problem+json");
    call_free(c);
}
END_TEST

static bool open_cursor(const char *text, size_t n, struct page *p, struct call **out)
{
    struct call *c = call_new(NULL, NULL);
    page_init(p);
    p->after = true;
    p->raw = str_of(text);
    bool ok = page_open(c, p, n);
    ck_assert_int_eq(ok, c->reply.status == 0);
    *out = c;
    return ok;
}

START_TEST(cursors)
{
    static const char *const bad[] = {"",    "!",   "A",    "AA==", "AQ",     "AWE",    "AWEBYgFj",
                                      "Af8", "/+8", "AWEB", "A2Fi", "AQABYg", "AWEBYgA"};
    struct page p;
    struct call *c;
    ck_assert(open_cursor("AWECYmM", 2, &p, &c)); /* 1 a 2 bc */
    ck_assert_text(p.key[0], "a");
    ck_assert_text(p.key[1], "bc");
    call_free(c);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_msg(!open_cursor(bad[i], 2, &p, &c), "%s", bad[i]);
        call_free(c);
    }
}
END_TEST

START_TEST(tokens)
{
    ck_assert(http_is_token(STR("X-CSRF-Token")) && http_is_token(STR("a")));
    ck_assert(!http_is_token(STR("")) && !http_is_token(STR("a b")) && !http_is_token(STR("a:")) &&
              !http_is_token(str_make("a\0", 2)) && !http_is_token(STR("\xc3\xa9")));
    ck_assert_int_eq(header_find(STR("cookie")), HEADER_COOKIE);
    ck_assert_int_eq(header_find(STR("x")), HEADERS);
}
END_TEST

UNIT_MAIN("control_input", queries, bodies, refusals_name_the_field, cursors, tokens)
