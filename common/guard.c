/* The address check of tenants' URLs. Pure. Never resolves names: it judges what is connected to.
 */
#include "common/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

struct range {
    uint8_t addr[16];
    unsigned bits;
};

#define V4(a, b, c, d, n)                                                                          \
    {                                                                                              \
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, 96 + (n)                           \
    }

/* IANA special-purpose registries (RFC 6890 and successors): not globally reachable. */
static const struct range refused[] = {
    V4(0, 0, 0, 0, 8),
    V4(10, 0, 0, 0, 8),
    V4(100, 64, 0, 0, 10),
    V4(127, 0, 0, 0, 8),
    V4(169, 254, 0, 0, 16),
    V4(172, 16, 0, 0, 12),
    V4(192, 0, 0, 0, 24),
    V4(192, 0, 2, 0, 24),
    V4(192, 88, 99, 0, 24),
    V4(192, 168, 0, 0, 16),
    V4(198, 18, 0, 0, 15),
    V4(198, 51, 100, 0, 24),
    V4(203, 0, 113, 0, 24),
    V4(224, 0, 0, 0, 3),
    {{0}, 96},                            /* unspecified, loopback, v4-compatible */
    {{0x00, 0x64, 0xff, 0x9b}, 96},       /* NAT64: judged again as IPv4 below */
    {{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48}, /* local NAT64 */
    {{0x01, 0x00}, 64},                   /* discard */
    {{0x20, 0x01, 0x00}, 23},             /* protocol assignments, Teredo, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},       /* documentation */
    {{0x20, 0x02}, 16},                   /* 6to4 */
    {{0x3f, 0xff}, 20},                   /* documentation */
    {{0xfc}, 7},                          /* unique local */
    {{0xfe, 0x80}, 9},                    /* link-local, site-local */
    {{0xff}, 8},                          /* multicast */
};

static bool in_net(const uint8_t addr[16], const uint8_t net[16], unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(addr, net, whole) != 0)
        return false;
    unsigned mask = rest ? 0xffu << (8 - rest) & 0xffu : 0;
    return rest == 0 || ((addr[whole] ^ net[whole]) & mask) == 0;
}

static bool to_v6(const struct sockaddr *sa, uint8_t out[16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        memcpy(out, mapped, sizeof mapped);
        memcpy(out + 12, &in.sin_addr, 4);
        return true;
    }
    if (sa->sa_family != AF_INET6)
        return false;
    struct sockaddr_in6 in6;
    memcpy(&in6, sa, sizeof in6);
    memcpy(out, &in6.sin6_addr, 16);
    return true;
}

static bool parse_net(struct str part, struct guard_net *out)
{
    char text[64];
    struct str host = str_cut(&part, '/');
    struct in_addr v4;
    struct in6_addr v6;
    int64_t bits;
    if (host.len >= sizeof text)
        return false;
    memcpy(text, host.p, host.len);
    text[host.len] = '\0';
    *out = (struct guard_net){0};
    if (inet_pton(AF_INET, text, &v4) == 1) {
        struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = v4};
        if (!part.p)
            bits = 32;
        else if (!str_to_i64(part, &bits) || bits < 0 || bits > 32)
            return false;
        out->bits = 96 + (unsigned)bits;
        return to_v6((const struct sockaddr *)&sa, out->addr);
    }
    if (inet_pton(AF_INET6, text, &v6) != 1)
        return false;
    if (!part.p)
        bits = 128;
    else if (!str_to_i64(part, &bits) || bits < 0 || bits > 128)
        return false;
    out->bits = (unsigned)bits;
    memcpy(out->addr, &v6, 16);
    return true;
}

bool guard_parse(struct guard *g, struct str allowed)
{
    *g = (struct guard){0};
    while (allowed.len) {
        struct str part = str_trim(str_cut(&allowed, ','));
        if (part.len == 0)
            continue;
        if (str_eq(part, STR("private"))) {
            g->allow_private = true;
            continue;
        }
        if (g->n == GUARD_NETS_MAX || !parse_net(part, &g->net[g->n]))
            return false;
        g->n++;
    }
    return true;
}

bool guard_permits(const struct guard *g, const struct sockaddr *sa)
{
    uint8_t addr[16];
    if (!to_v6(sa, addr))
        return false;
    if (g->allow_private)
        return true;
    for (size_t i = 0; i < g->n; i++)
        if (in_net(addr, g->net[i].addr, g->net[i].bits))
            return true;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        if (in_net(addr, refused[i].addr, refused[i].bits))
            return false;
    return true;
}
