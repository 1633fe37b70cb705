/* restrictions: what the packed text says, what cannot be read, and equal ones being one. */
#include "gateway/snapshot/restrictions.h"

#include <stdio.h>

#include "tests/unit/unit.h"

static bool lets(const char *text, const char *address)
{
    uint8_t addr[16];
    ck_assert(address_parse(str_of(address), false, addr));
    struct key_restrictions *k = restrictions_new(str_of(text));
    bool good = restrictions_address(k, addr);
    restrictions_free(k);
    return good;
}

START_TEST(addresses)
{
    static const struct {
        const char *text, *address;
        bool good;
    } cases[] = {
        {"mgpt-4", "10.0.0.1", true},
        {"i10.0.0.0/8", "10.255.0.1", true},
        {"i10.0.0.0/8", "11.0.0.1", false},
        {"i10.0.0.0/9", "10.128.0.1", false},
        {"i10.0.0.0/8\ni2001:db8::/32", "2001:db8::1", true},
        {"i0.0.0.0/0", "::1", false},
        {"i::/0", "10.0.0.1", true},
        {"i192.0.2.1", "192.0.2.1", true},
        {"i192.0.2.1", "192.0.2.2", false},
        {"inonsense", "10.0.0.1", false},
        {"inonsense\ni10.0.0.1", "10.0.0.1", true},
        {"i", "10.0.0.1", false},
        {"i10.0.0.0/8\nx", "10.0.0.1", false},
        {"i10.0.0.0/8\n\n", "10.0.0.1", false},
        {"?", "10.0.0.1", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        ck_assert_msg(lets(cases[i].text, cases[i].address) == cases[i].good, "%s, %s",
                      cases[i].text, cases[i].address);
}
END_TEST

START_TEST(lists)
{
    struct key_restrictions *k = restrictions_new(STR("popenai\npgroq\nmclaude-*\nma"));
    ck_assert(!k->by_address && k->by_provider && k->by_model);
    ck_assert_uint_eq(k->n_providers, 2);
    ck_assert_uint_eq(k->n_models, 2);
    ck_assert(str_eq(k->providers[1], STR("groq")) && str_eq(k->models[0], STR("claude-*")));
    restrictions_free(k);
    k = restrictions_new(STR("ma\n!"));
    ck_assert(k->by_address && k->by_provider && k->by_model && k->n_models == 0);
    restrictions_free(k);
}
END_TEST

START_TEST(equal_ones_are_one_and_nothing_moves)
{
    enum { MANY = 1000 };
    struct restriction_pool *p = restriction_pool_new();
    const struct key_restrictions *at[MANY + 1];
    char text[16];
    ck_assert_uint_eq(restriction_pool_put(p, STR("")), 0);
    ck_assert_ptr_null(restriction_pool_at(p, 0));
    for (uint32_t i = 1; i <= MANY; i++) {
        (void)snprintf(text, sizeof text, "m%u", i);
        ck_assert_uint_eq(restriction_pool_put(p, str_of(text)), i);
        at[i] = restriction_pool_at(p, i);
    }
    for (uint32_t i = 1; i <= MANY; i++) {
        (void)snprintf(text, sizeof text, "m%u", i);
        ck_assert_uint_eq(restriction_pool_put(p, str_of(text)), i);
        ck_assert_ptr_eq(restriction_pool_at(p, i), at[i]);
        ck_assert(str_eq(at[i]->text, str_of(text)));
    }
    restriction_pool_free(p);
}
END_TEST

UNIT_MAIN("restrictions", addresses, lists, equal_ones_are_one_and_nothing_moves)
