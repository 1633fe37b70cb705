/* guard: which addresses a tenant's URL may reach. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "common/guard.h"
#include "tests/unit/unit.h"

static bool permits(const struct guard *g, const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        return guard_permits(g, (struct sockaddr *)&in);
    ck_assert_int_eq(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return guard_permits(g, (struct sockaddr *)&in6);
}

static const struct {
    const char *address;
    bool allowed;
} cases[] = {
    {"8.8.8.8", true},
    {"2606:4700::1111", true},
    {"192.0.1.1", true},
    {"172.15.0.1", true},
    {"172.32.0.1", true},
    {"100.63.255.255", true},
    {"100.128.0.1", true},
    {"127.0.0.1", false},
    {"0.0.0.0", false},
    {"10.0.0.1", false},
    {"172.16.0.1", false},
    {"172.31.255.255", false},
    {"192.168.1.1", false},
    {"169.254.169.254", false}, /* cloud metadata */
    {"100.64.0.1", false},
    {"198.18.0.1", false},
    {"224.0.0.1", false},
    {"255.255.255.255", false},
    {"::", false},
    {"::1", false},
    {"::ffff:127.0.0.1", false},
    {"::ffff:10.0.0.1", false},
    {"::7f00:1", false},
    {"64:ff9b::7f00:1", false},
    {"64:ff9b:1::1", false},
    {"2002:7f00:1::", false},
    {"2001:0::1", false},
    {"2001:db8::1", false},
    {"fc00::1", false},
    {"fd12::1", false},
    {"fe80::1", false},
    {"fec0::1", false},
    {"ff02::1", false},
};

START_TEST(public_addresses_only)
{
    struct guard g;
    ck_assert(guard_parse(&g, STR("")));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        ck_assert_msg(permits(&g, cases[i].address) == cases[i].allowed, "%s", cases[i].address);
}
END_TEST

START_TEST(allowed_networks)
{
    struct guard g;
    ck_assert(guard_parse(&g, STR("10.1.0.0/16, fd00:1::/32,192.168.7.9")));
    ck_assert(permits(&g, "10.1.255.1") && !permits(&g, "10.2.0.1"));
    ck_assert(permits(&g, "::ffff:10.1.0.1"));
    ck_assert(permits(&g, "fd00:1:2::3") && !permits(&g, "fd00:2::3"));
    ck_assert(permits(&g, "192.168.7.9") && !permits(&g, "192.168.7.10"));
    ck_assert(guard_parse(&g, STR("private")) && permits(&g, "127.0.0.1"));
}
END_TEST

static bool permits_port(const struct guard *g, const char *text, uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        return guard_permits(g, (struct sockaddr *)&in);
    ck_assert_int_eq(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return guard_permits(g, (struct sockaddr *)&in6);
}

START_TEST(what_is_our_own)
{
    static const char *const allowed[] = {"private", "127.0.0.0/8", "8.8.8.8"};
    struct address_net loopback, public;
    ck_assert(address_net_parse(STR("127.0.0.0/8"), &loopback));
    ck_assert(address_net_parse(STR("8.8.8.8"), &public));
    for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
        struct guard g;
        ck_assert(guard_parse(&g, str_of(allowed[i])));
        ck_assert(guard_add_own(&g, &loopback, 4003) && guard_add_own(&g, &public, 4001));
        ck_assert(!permits_port(&g, "127.0.0.1", 4003) && !permits_port(&g, "127.9.9.9", 4003));
        ck_assert(!permits_port(&g, "::ffff:127.0.0.1", 4003));
        ck_assert(permits_port(&g, "127.0.0.1", 4001) == (i < 2));
        ck_assert(!permits_port(&g, "8.8.8.8", 4001) && permits_port(&g, "8.8.8.8", 443));
        while (guard_add_own(&g, &public, 1))
            continue;
        ck_assert_uint_eq(g.n_own, GUARD_OWN_MAX);
    }
}
END_TEST

START_TEST(malformed_networks)
{
    static const char *const bad[] = {"10.0.0.0/33", "10.0.0.0/-1", "x",           "10.0.0",
                                      "::/129",      "10.0.0.0/",   "10.0.0.0/8/8"};
    struct guard g;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ck_assert_msg(!guard_parse(&g, str_of(bad[i])), "%s", bad[i]);
}
END_TEST

UNIT_MAIN("guard", public_addresses_only, allowed_networks, what_is_our_own, malformed_networks)
