/* A guard learns what listens here. Start-up only. */
#include "common/guard_self.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { MACHINE_MAX = 48 };

/* One address, or for loopback all that are the same machine. */
static bool guard_one(struct guard *g, const uint8_t addr[16], uint16_t port)
{
    struct address_net net, loopback;
    bool known = address_net_parse(STR("127.0.0.0/8"), &loopback);
    ASSERT(known);
    memcpy(net.addr, addr, sizeof net.addr);
    net.bits = 128;
    if (address_in(addr, loopback.addr, loopback.bits))
        net = loopback;
    return guard_add_own(g, &net, port);
}

/* Whoever connects to no address at all comes to this machine. */
static bool guard_nowhere(struct guard *g, uint16_t port)
{
    struct address_net any4, any6;
    bool known = address_net_parse(STR("0.0.0.0"), &any4) && address_net_parse(STR("::"), &any6);
    ASSERT(known);
    return guard_add_own(g, &any4, port) && guard_add_own(g, &any6, port);
}

/* All of this machine's addresses; of a machine with very many, the port at any address. */
static bool guard_machine(struct guard *g, uint16_t port)
{
    static const struct address_net everywhere = {.bits = 0};
    struct ifaddrs *list = NULL;
    unsigned n = 0;
    bool ok = getifaddrs(&list) == 0;
    for (const struct ifaddrs *i = list; i; i = i->ifa_next)
        n++;
    uint8_t addr[16];
    for (const struct ifaddrs *i = list; i && ok && n <= MACHINE_MAX; i = i->ifa_next)
        if (i->ifa_addr && address_of_socket(i->ifa_addr, addr))
            ok = guard_one(g, addr, port);
    if (n > MACHINE_MAX)
        ok = ok && guard_add_own(g, &everywhere, port);
    freeifaddrs(list);
    return ok;
}

bool guard_add_listener(struct guard *g, int fd)
{
    static const uint8_t any6[16], any4[16] = {[10] = 0xff, [11] = 0xff};
    struct sockaddr_storage ss = {0};
    socklen_t len = sizeof ss;
    uint8_t addr[16];
    if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0 ||
        !address_of_socket((struct sockaddr *)&ss, addr))
        return false;
    uint16_t port = ss.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&ss)->sin6_port)
                                             : ntohs(((struct sockaddr_in *)&ss)->sin_port);
    bool any = memcmp(addr, any6, sizeof addr) == 0 || memcmp(addr, any4, sizeof addr) == 0;
    return guard_nowhere(g, port) && (any ? guard_machine(g, port) : guard_one(g, addr, port));
}
