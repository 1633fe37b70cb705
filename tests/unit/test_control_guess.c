/* Limits on guessing: free guesses, growing delays, forgetting, floods of addresses. */
#include <stdio.h>

#include "common/address.h"
#include "common/crypto.h"
#include "control/guess.h"
#include "tests/unit/unit.h"

#define S INT64_C(1000000)

struct client {
    uint8_t ip[16];
};

static struct client client_of(const char *text)
{
    struct client c;
    ck_assert(address_parse(str_of(text), false, c.ip));
    return c;
}

START_TEST(delays_grow_and_end)
{
    struct guesses *g = guesses_new();
    struct client p = client_of("192.0.2.1");
    int64_t now = 1000 * S;
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(guess_take(g, GUESS_PASSWORD, STR("a@b.c"), p.ip, now), 0);
    int before = 0;
    for (int i = 0; i < 12; i++) {
        int wait = guess_take(g, GUESS_PASSWORD, STR("A@B.C"), p.ip,
                              now); /* the case does not matter */
        ck_assert_int_ge(wait, before);
        ck_assert_int_ge(wait, 1);
        ck_assert_int_le(wait, 300);
        ck_assert_int_eq(guess_take(g, GUESS_PASSWORD, STR("a@b.c"), p.ip, now + (wait - 1) * S),
                         1);
        now += wait * S;
        ck_assert_int_eq(guess_take(g, GUESS_PASSWORD, STR("a@b.c"), p.ip, now), 0);
        before = wait;
    }
    ck_assert_int_eq(before, 300);
    now += 3601 * S;
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(guess_take(g, GUESS_PASSWORD, STR("a@b.c"), p.ip, now), 0);
    guesses_free(g);
}
END_TEST

START_TEST(a_right_guess_forgets)
{
    struct guesses *g = guesses_new();
    struct client p = client_of("192.0.2.1");
    for (int i = 0; i < 200; i++) {
        ck_assert_int_eq(guess_take(g, GUESS_PASSWORD, STR("a@b.c"), p.ip, 1000 * S), 0);
        guess_right(g, GUESS_PASSWORD, STR("a@b.c"), p.ip);
    }
    guesses_free(g);
}
END_TEST

START_TEST(other_addresses_are_not_held_up)
{
    struct guesses *g = guesses_new();
    struct client p = client_of("192.0.2.1"), q = client_of("192.0.2.2");
    for (int i = 0; i < 6; i++)
        (void)guess_take(g, GUESS_PASSWORD, STR("a@b.c"), p.ip, 1000 * S);
    ck_assert_int_gt(guess_take(g, GUESS_PASSWORD, STR("a@b.c"), q.ip, 1000 * S),
                     0); /* the same person */
    ck_assert_int_eq(guess_take(g, GUESS_PASSWORD, STR("d@e.f"), p.ip, 1000 * S), 0);
    guesses_free(g);
}
END_TEST

START_TEST(a_network_is_slowed_down_over_many_people)
{
    struct guesses *g = guesses_new();
    char email[32];
    struct client p = client_of("2001:db8::1"), q = client_of("2001:db8::ffff:2"),
                  other = client_of("2001:db8:0:1::1");
    int refused = 0;
    for (int i = 0; i < 30; i++) {
        (void)snprintf(email, sizeof email, "u%d@x.y", i);
        refused += guess_take(g, GUESS_PASSWORD, str_of(email), i % 2 ? p.ip : q.ip, 1000 * S) > 0;
    }
    ck_assert_int_ge(refused, 9); /* one /64 */
    ck_assert_int_eq(guess_take(g, GUESS_PASSWORD, STR("z@x.y"), other.ip, 1000 * S), 0);
    guesses_free(g);
}
END_TEST

START_TEST(a_flood_of_names_does_not_free_the_one_under_attack)
{
    struct guesses *g = guesses_new();
    char email[32];
    struct client p = client_of("192.0.2.1");
    for (int i = 0; i < 9; i++)
        (void)guess_take(g, GUESS_PASSWORD, STR("victim@x.y"), p.ip, 1000 * S);
    for (int i = 0; i < 100; i++) { /* from elsewhere, so that they count */
        struct client q = client_of("198.51.100.1");
        q.ip[15] = (uint8_t)(1 + i);
        (void)snprintf(email, sizeof email, "flood%d@x.y", i);
        (void)guess_take(g, GUESS_PASSWORD, str_of(email), q.ip, 1000 * S + i);
    }
    ck_assert_int_gt(guess_take(g, GUESS_PASSWORD, STR("victim@x.y"), p.ip, 1000 * S + 200), 0);
    guesses_free(g);
}
END_TEST

START_TEST(an_office_may_ask_and_nobody_may_ask_without_end)
{
    struct guesses *g = guesses_new();
    struct client p = client_of("192.0.2.1"), q = client_of("192.0.2.2");
    int64_t now = 1000 * S;
    for (int i = 0; i < GUESS_ASKS; i++)
        ck_assert_int_eq(guess_ask(g, p.ip, now), 0);
    ck_assert_int_gt(guess_ask(g, p.ip, now), 0);
    ck_assert_int_eq(guess_ask(g, q.ip, now), 0); /* another's is untouched, and so are guesses */
    ck_assert_int_eq(guess_take(g, GUESS_PASSKEY, STR("k"), p.ip, now), 0);
    int more = 0;
    for (now += 10 * S; guess_ask(g, p.ip, now) == 0;)
        more++;
    ck_assert_int_eq(more, 10 * GUESS_ASKS_A_SECOND);
    for (int i = 0; i < 100; i++) { /* half of what comes back in a second is not lost */
        now += S / GUESS_ASKS_A_SECOND / 2;
        more += guess_ask(g, p.ip, now) == 0;
    }
    ck_assert_int_eq(more, 10 * GUESS_ASKS_A_SECOND + 50);
    now += 3600 * S;
    for (more = 0; guess_ask(g, p.ip, now) == 0;)
        more++;
    ck_assert_int_eq(more, GUESS_ASKS);
    guesses_free(g);
}
END_TEST

START_TEST(asking_pushes_no_guess_out)
{
    struct guesses *g = guesses_new();
    struct client p = client_of("192.0.2.1"), q = client_of("2001:db8::1");
    for (int i = 0; i < 9; i++)
        (void)guess_take(g, GUESS_PASSWORD, STR("victim@x.y"), p.ip, 1000 * S);
    for (int i = 0; i < 100000; i++) {
        memcpy(q.ip + 4, &i, sizeof i);
        (void)guess_ask(g, q.ip, 1000 * S + i);
    }
    ck_assert_int_gt(guess_take(g, GUESS_PASSWORD, STR("victim@x.y"), p.ip, 1000 * S), 0);
    guesses_free(g);
}
END_TEST

UNIT_MAIN("control_guess", an_office_may_ask_and_nobody_may_ask_without_end,
          asking_pushes_no_guess_out, delays_grow_and_end, a_right_guess_forgets,
          other_addresses_are_not_held_up, a_network_is_slowed_down_over_many_people,
          a_flood_of_names_does_not_free_the_one_under_attack)
