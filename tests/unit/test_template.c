/* template and spellings: what may stand in a provider's URL, and other names of providers. */
#include "gateway/snapshot/template.h"

#include <jansson.h>

#include "gateway/snapshot/spellings.h"
#include "tests/unit/unit.h"

START_TEST(option_values_are_of_a_small_alphabet)
{
    static const char *const good[] = {"a", "eu-west-1", "0",
                                       "a23456789-123456789-123456789-"
                                       "123456789-123456789-123456789-123"};
    static const char *const bad[] = {"",
                                      "-a",
                                      "A",
                                      "a.b",
                                      "a/b",
                                      "a_b",
                                      "a b",
                                      "\xc3\xa9",
                                      "a23456789-123456789-123456789-123456789-123456789-"
                                      "123456789-1234"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        ck_assert_msg(template_check_value(str_of(good[i])), "%s", good[i]);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ck_assert_msg(!template_check_value(str_of(bad[i])), "%s", bad[i]);
    ck_assert(!template_check_value(str_make("a\0b", 3)));
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

UNIT_MAIN("template", option_values_are_of_a_small_alphabet,
          spellings_never_shadow_a_slug_or_each_other, spellings_lead_into_the_catalogue)
