/* Limits on guessing: free guesses, growing delays, forgetting, floods of addresses. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "common/crypto.h"
#include "control/guess.h"
#include "tests/unit/unit.h"

#define S INT64_C(1000000)

static struct sockaddr_storage peer4(const char *text)
{
    struct sockaddr_storage ss = {0};
    struct sockaddr_in *in = (void *)&ss;
    in->sin_family = AF_INET;
    ck_assert_int_eq(inet_pton(AF_INET, text, &in->sin_addr), 1);
    return ss;
}

static struct sockaddr_storage peer6(const char *text)
{
    struct sockaddr_storage ss = {0};
    struct sockaddr_in6 *in6 = (void *)&ss;
    in6->sin6_family = AF_INET6;
    ck_assert_int_eq(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
    return ss;
}

START_TEST(delays_grow_and_end)
{
    struct guesses *g = guesses_new();
    struct sockaddr_storage p = peer4("192.0.2.1");
    int64_t now = 1000 * S;
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(guess_take(g, STR("a@b.c"), &p, now), 0);
    int before = 0;
    for (int i = 0; i < 12; i++) {
        int wait = guess_take(g, STR("A@B.C"), &p, now); /* the case does not matter */
        ck_assert_int_ge(wait, before);
        ck_assert_int_ge(wait, 1);
        ck_assert_int_le(wait, 300);
        ck_assert_int_eq(guess_take(g, STR("a@b.c"), &p, now + (wait - 1) * S), 1);
        now += wait * S;
        ck_assert_int_eq(guess_take(g, STR("a@b.c"), &p, now), 0);
        before = wait;
    }
    ck_assert_int_eq(before, 300);
    now += 3601 * S;
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(guess_take(g, STR("a@b.c"), &p, now), 0);
    guesses_free(g);
}
END_TEST

START_TEST(a_right_guess_forgets)
{
    struct guesses *g = guesses_new();
    struct sockaddr_storage p = peer4("192.0.2.1");
    for (int i = 0; i < 200; i++) {
        ck_assert_int_eq(guess_take(g, STR("a@b.c"), &p, 1000 * S), 0);
        guess_right(g, STR("a@b.c"), &p);
    }
    guesses_free(g);
}
END_TEST

START_TEST(other_addresses_are_not_held_up)
{
    struct guesses *g = guesses_new();
    struct sockaddr_storage p = peer4("192.0.2.1"), q = peer4("192.0.2.2");
    for (int i = 0; i < 6; i++)
        (void)guess_take(g, STR("a@b.c"), &p, 1000 * S);
    ck_assert_int_gt(guess_take(g, STR("a@b.c"), &q, 1000 * S), 0); /* the same person */
    ck_assert_int_eq(guess_take(g, STR("d@e.f"), &p, 1000 * S), 0);
    guesses_free(g);
}
END_TEST

START_TEST(a_network_is_slowed_down_over_many_people)
{
    struct guesses *g = guesses_new();
    char email[32];
    struct sockaddr_storage p = peer6("2001:db8::1"), q = peer6("2001:db8::ffff:2"),
                            other = peer6("2001:db8:0:1::1");
    int refused = 0;
    for (int i = 0; i < 30; i++) {
        (void)snprintf(email, sizeof email, "u%d@x.y", i);
        refused += guess_take(g, str_of(email), i % 2 ? &p : &q, 1000 * S) > 0;
    }
    ck_assert_int_ge(refused, 9); /* one /64 */
    ck_assert_int_eq(guess_take(g, STR("z@x.y"), &other, 1000 * S), 0);
    guesses_free(g);
}
END_TEST

START_TEST(a_flood_of_names_does_not_free_the_one_under_attack)
{
    struct guesses *g = guesses_new();
    char email[32];
    struct sockaddr_storage p = peer4("192.0.2.1");
    for (int i = 0; i < 9; i++)
        (void)guess_take(g, STR("victim@x.y"), &p, 1000 * S);
    for (int i = 0; i < 100; i++) { /* from elsewhere, so that they count */
        struct sockaddr_storage q = peer4("198.51.100.1");
        ((struct sockaddr_in *)(void *)&q)->sin_addr.s_addr += (unsigned)i << 24;
        (void)snprintf(email, sizeof email, "flood%d@x.y", i);
        (void)guess_take(g, str_of(email), &q, 1000 * S + i);
    }
    ck_assert_int_gt(guess_take(g, STR("victim@x.y"), &p, 1000 * S + 200), 0);
    guesses_free(g);
}
END_TEST

UNIT_MAIN("control_guess", delays_grow_and_end, a_right_guess_forgets,
          other_addresses_are_not_held_up, a_network_is_slowed_down_over_many_people,
          a_flood_of_names_does_not_free_the_one_under_attack)
