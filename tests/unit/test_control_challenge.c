/* Challenges that carry their own time: how long one holds, and that none can be made or changed.
 */
#include <sodium.h>

#include "control/challenge.h"
#include "tests/unit/unit.h"

#define S   INT64_C(1000000)
#define NOW (INT64_C(1790000000) * S)

static struct secret *pepper_of(uint8_t fill)
{
    uint8_t bytes[32];
    ck_assert(crypto_init());
    memset(bytes, fill, sizeof bytes);
    return secret_new(bytes, sizeof bytes);
}

START_TEST(it_holds_for_five_minutes)
{
    static const struct {
        int64_t after_s;
        bool holds;
    } rows[] = {{0, true},      {299, true}, {300, true}, {301, false},
                {86400, false}, {-60, true}, {-61, false}};
    struct secret *pepper = pepper_of(1);
    char text[TOKEN_TEXT_LEN + 1], other[TOKEN_TEXT_LEN + 1];
    challenge_make(pepper, NOW, text);
    challenge_make(pepper, NOW, other);
    ck_assert_str_ne(text, other);
    ck_assert_uint_eq(strlen(text), TOKEN_TEXT_LEN);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_int_eq(challenge_holds(pepper, str_of(text), NOW + rows[i].after_s * S),
                         rows[i].holds);
    secret_free(pepper);
}
END_TEST

START_TEST(none_is_made_up)
{
    struct secret *pepper = pepper_of(1), *another = pepper_of(2);
    char text[TOKEN_TEXT_LEN + 1];
    challenge_make(pepper, NOW, text);
    ck_assert(!challenge_holds(another, str_of(text), NOW));
    for (size_t i = 0; i < TOKEN_TEXT_LEN; i++) {
        char was = text[i];
        text[i] = was == 'A' ? 'B' : 'A';
        ck_assert(!challenge_holds(pepper, str_of(text), NOW));
        text[i] = was;
    }
    for (size_t len = 0; len < TOKEN_TEXT_LEN; len++)
        ck_assert(!challenge_holds(pepper, str_make(text, len), NOW));
    token_make(text);
    ck_assert(!challenge_holds(pepper, str_of(text), NOW));
    ck_assert(!challenge_holds(pepper, STR_NULL, NOW));
    secret_free(pepper);
    secret_free(another);
}
END_TEST

UNIT_MAIN("control_challenge", it_holds_for_five_minutes, none_is_made_up)
