/* The address check of tenants' URLs. Pure. Never resolves names: it judges what is connected to.
 */
#include "common/guard.h"

#include <netinet/in.h>

#define V4(a, b, c, d, n)                                                                          \
    {                                                                                              \
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, 96 + (n)                           \
    }

/* IANA special-purpose registries (RFC 6890 and successors): not globally reachable. */
static const struct address_net refused[] = {
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
        if (g->nets.n == ADDRESS_NETS_MAX || !address_net_parse(part, &g->nets.net[g->nets.n]))
            return false;
        g->nets.n++;
    }
    return true;
}

bool guard_add_own(struct guard *g, const struct address_net *net, uint16_t port)
{
    if (g->n_own == GUARD_OWN_MAX)
        return false;
    g->own[g->n_own].net = *net;
    g->own[g->n_own++].port = port;
    return true;
}

static uint16_t port_of(const struct sockaddr *sa)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (sa->sa_family == AF_INET6) {
        memcpy(&in6, sa, sizeof in6);
        return ntohs(in6.sin6_port);
    }
    memcpy(&in, sa, sizeof in);
    return ntohs(in.sin_port);
}

static bool is_own(const struct guard *g, const uint8_t addr[16], uint16_t port)
{
    for (size_t i = 0; i < g->n_own; i++)
        if (g->own[i].port == port && address_in(addr, g->own[i].net.addr, g->own[i].net.bits))
            return true;
    return false;
}

bool guard_permits(const struct guard *g, const struct sockaddr *sa)
{
    uint8_t addr[16];
    if (!address_of_socket(sa, addr))
        return false;
    if (is_own(g, addr, port_of(sa)))
        return false;
    if (g->allow_private || address_nets_hold(&g->nets, addr))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        if (address_in(addr, refused[i].addr, refused[i].bits))
            return false;
    return true;
}
