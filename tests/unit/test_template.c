/* template and spellings: what may stand in a provider's URL, and other names of providers. */
#include "gateway/snapshot/template.h"

#include <jansson.h>

#include "common/spellings.h"
#include "tests/unit/unit.h"

#define LETTERS_60 "a23456789-123456789-123456789-123456789-123456789-123456789-"

START_TEST(option_values_are_of_a_small_alphabet)
{
    static const char *const good[] = {"a",          "eu-west-1",          "0",
                                       "2024-10-21", "2025-04-01-preview", LETTERS_60 "123"};
    static const char *const bad[] = {"",    "-a",  "A",   "a.b",      "a/b",
                                      "a_b", "a b", "a:b", "\xc3\xa9", LETTERS_60 "1234"};
    for (enum provider_option o = 0; o < OPTION_COUNT; o++) {
        for (size_t i = 0; i < ARRAY_LEN(good); i++)
            ck_assert_msg(provider_option_fits(o, str_of(good[i])), "%s", good[i]);
        for (size_t i = 0; i < ARRAY_LEN(bad) && o != OPTION_DEPLOYMENT; i++)
            ck_assert_msg(!provider_option_fits(o, str_of(bad[i])), "%s", bad[i]);
        ck_assert(!provider_option_fits(o, str_make("a\0b", 3)));
        ck_assert_int_eq(provider_option_find(str_of(provider_option_name(o))), o);
    }
    ck_assert(provider_option_fits(OPTION_DEPLOYMENT, STR("GPT-4.1_mini")));
    static const char *const not_even[] = {"", ".a", "..", "_a", "-a", "a/b", "a?b", "a%b"};
    for (size_t i = 0; i < ARRAY_LEN(not_even); i++)
        ck_assert(!provider_option_fits(OPTION_DEPLOYMENT, str_of(not_even[i])));
    ck_assert_int_eq(provider_option_find(STR("host")), OPTION_NONE);
}
END_TEST

START_TEST(paths_for_streams_replace_an_end)
{
    static const struct {
        const char *both, *plain, *streamed; /* NULL: refused */
    } rows[] = {
        {"/chat/completions", "/chat/completions", "/chat/completions"},
        {"/models/{model}:generateContent | :streamGenerateContent?alt=sse",
         "/models/{model}:generateContent", "/models/{model}:streamGenerateContent?alt=sse"},
        {"/models/{model}:rawPredict | :streamRawPredict", "/models/{model}:rawPredict",
         "/models/{model}:streamRawPredict"},
        {"/model/{model}/converse | /converse-stream", "/model/{model}/converse",
         "/model/{model}/converse-stream"},
        {"/a?x=/b|/c", "/a?x=/b", "/c"},
        {"/a?x={api_version} | /b?x={api_version}", "/a?x={api_version}", "/b?x={api_version}"},
        {"/a |", NULL, NULL},
        {"| /a", NULL, NULL},
        {"/a | b", NULL, NULL},
        {"/a | /", NULL, NULL},
        {"/a | :b", NULL, NULL},
        {"/a | /b | /c", NULL, NULL},
        {"/a | /b c", NULL, NULL},
        {"/a:x/{model} | :y", NULL, NULL}, /* the model would be lost */
        {"/a/{model} | /b", NULL, NULL},
        {"/a/{host}", NULL, NULL},
        {"/a/{model", NULL, NULL},
        {"/a?m={model}", NULL, NULL},
        {"a", NULL, NULL},
        {"", NULL, NULL},
    };
    struct arena *a = arena_new(256);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str plain, streamed;
        bool ok = template_split_paths(str_of(rows[i].both), a, &plain, &streamed);
        ck_assert_msg(ok == (rows[i].plain != NULL), "%s", rows[i].both);
        if (!ok)
            continue;
        ck_assert_text(plain, rows[i].plain);
        ck_assert_text(streamed, rows[i].streamed);
    }
    arena_free(a);
}
END_TEST

START_TEST(holes_are_filled)
{
    static const struct {
        const char *template, *region, *model, *want; /* NULL: refused */
    } rows[] = {
        {"https://a.test/v1", "", "", "https://a.test/v1"},
        {"https://b.{region}.test/{project}", "eu-1", "", "https://b.eu-1.test/pro"},
        {"https://b.{region}.test", "", "", NULL},
        {"https://{region}-ai.test/p/{region}/x", "eu", "", "https://eu-ai.test/p/eu/x"},
        {"https://{region}-ai.test/p/{region}/x", "global", "", "https://ai.test/p/global/x"},
        {"https://b.{region}-ai.test/", "global", "", "https://b.global-ai.test/"},
        {"https://{region}.test/", "global", "", "https://global.test/"},
        {"/m/{model}/x", "", "a.b-c_d~e", "/m/a.b-c_d~e/x"},
        {"/m/{model}/x", "", "a.b-v1:0", "/m/a.b-v1%3A0/x"},
        {"/m/{model}:go?a=b", "", "x/../y?z#", "/m/x%2F..%2Fy%3Fz%23:go?a=b"},
        {"/m/{model}", "", "arn:aws:x/\xc3\xa9", "/m/arn%3Aaws%3Ax%2F%C3%A9"},
        {"/m/{model}", "", "{region}", "/m/%7Bregion%7D"},
        {"/m/{model}/x", "", "..", NULL},
        {"/m/{model}/x", "", ".", NULL},
        {"/m/{model}/x", "", "", NULL},
        {"/d/{deployment}?v={api_version}", "", "", "/d/Dep.1?v=2024-10-21"},
        {"/{host}", "", "", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct template_values v = {.model = str_of(rows[i].model)};
        struct buf out;
        buf_init(&out, 256);
        v.option[OPTION_REGION] = str_of(rows[i].region);
        v.option[OPTION_PROJECT] = STR("pro");
        v.option[OPTION_RESOURCE] = STR("");
        v.option[OPTION_DEPLOYMENT] = STR("Dep.1");
        v.option[OPTION_API_VERSION] = STR("2024-10-21");
        bool ok = template_expand(str_of(rows[i].template), &v, &out);
        ck_assert_msg(ok == (rows[i].want != NULL), "%s", rows[i].template);
        if (ok)
            ck_assert_text(buf_str(&out), rows[i].want);
        buf_fini(&out);
    }
    struct template_values v = {.model = STR("a")};
    struct buf small;
    buf_init(&small, 5);
    ck_assert(!template_expand(STR("/m/{model}/x"), &v, &small));
    buf_fini(&small);
}
END_TEST

START_TEST(versions_join_a_query)
{
    struct buf b;
    buf_init(&b, 64);
    ck_assert(buf_add_lit(&b, "/a") && template_add_version(&b, STR("2024-10-21")));
    ck_assert_text(buf_str(&b), "/a?api-version=2024-10-21");
    buf_reset(&b);
    ck_assert(buf_add_lit(&b, "/a?b=c") && template_add_version(&b, STR("v1")));
    ck_assert_text(buf_str(&b), "/a?b=c&api-version=v1");
    buf_fini(&b);
}
END_TEST

START_TEST(spellings_never_shadow_a_slug_or_each_other)
{
    size_t n;
    const struct spelling *table = spelling_table(&n);
    for (size_t i = 0; i < n; i++) {
        ck_assert_text(spelling_slug(str_of(table[i].alias)), table[i].slug);
        ck_assert_ptr_null(spelling_slug(str_of(table[i].slug)).p);
    }
    ck_assert_ptr_null(spelling_slug(STR("openai")).p);
}
END_TEST

/* Every target is a provider of the catalogue, and no spelling is. */
START_TEST(spellings_lead_into_the_catalogue)
{
    json_error_t error;
    json_t *file = json_load_file(DOTEB_SOURCE_DIR "/catalogue/providers.json", 0, &error);
    const json_t *providers = json_object_get(file, "providers");
    ck_assert_msg(json_is_array(providers), "%s", error.text);
    size_t n, i;
    json_t *row;
    const struct spelling *table = spelling_table(&n);
    for (size_t k = 0; k < n; k++) {
        bool target = false, alias = false;
        json_array_foreach(providers, i, row)
        {
            const char *id = json_string_value(json_object_get(row, "id"));
            target |= strcmp(id, table[k].slug) == 0;
            alias |= strcmp(id, table[k].alias) == 0;
        }
        ck_assert_msg(target && !alias, "%s -> %s", table[k].alias, table[k].slug);
    }
    json_decref(file);
}
END_TEST

UNIT_MAIN("template", option_values_are_of_a_small_alphabet, paths_for_streams_replace_an_end,
          holes_are_filled, versions_join_a_query, spellings_never_shadow_a_slug_or_each_other,
          spellings_lead_into_the_catalogue)
