/* Makes listening sockets. Start-up only. */
#include "gateway/bind.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/str.h"

enum { BACKLOG = 4096, HOST_MAX = 256, PORT_MAX = 65535, MACHINE_MAX = 48 };

static bool split(const char *address, char host[HOST_MAX], char port[8])
{
    const char *colon = strrchr(address, ':');
    int64_t number;
    if (!colon || strlen(colon + 1) > 5 || !str_to_i64(str_of(colon + 1), &number) || number < 0 ||
        number > PORT_MAX)
        return false;
    size_t len = (size_t)(colon - address);
    if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }
    if (len >= HOST_MAX)
        return false;
    memcpy(host, address, len);
    host[len] = '\0';
    (void)snprintf(port, 8, "%s", colon + 1);
    return true;
}

static int port_of(int fd)
{
    struct sockaddr_storage ss;
    socklen_t len = sizeof ss;
    if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
        return 0;
    if (ss.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&ss)->sin6_port);
    return ntohs(((struct sockaddr_in *)&ss)->sin_port);
}

static int try_listen(const struct addrinfo *ai)
{
    int one = 1;
    int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int bind_listen(const char *address, int *port, char err[256])
{
    char host[HOST_MAX], service[8];
    if (!split(address, host, service)) {
        (void)snprintf(err, 256, "'%s' is no address: write host:port, such as 0.0.0.0:4001",
                       address);
        return -1;
    }
    if (*port && strcmp(service, "0") == 0)
        (void)snprintf(service, sizeof service, "%d", *port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(host[0] ? host : NULL, service, &hints, &list);
    if (rc != 0) {
        (void)snprintf(err, 256, "cannot resolve '%s': %s", address, gai_strerror(rc));
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *ai = list; ai && fd < 0; ai = ai->ai_next)
        fd = try_listen(ai);
    freeaddrinfo(list);
    if (fd < 0)
        (void)snprintf(err, 256, "cannot listen on %s: %s", address, strerror(errno));
    else
        *port = port_of(fd);
    return fd;
}

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

bool bind_guard(int fd, struct guard *g)
{
    static const uint8_t any6[16], any4[16] = {[10] = 0xff, [11] = 0xff};
    struct sockaddr_storage ss = {0};
    socklen_t len = sizeof ss;
    uint8_t addr[16];
    uint16_t port = (uint16_t)port_of(fd);
    if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0 ||
        !address_of_socket((struct sockaddr *)&ss, addr))
        return false;
    bool any = memcmp(addr, any6, sizeof addr) == 0 || memcmp(addr, any4, sizeof addr) == 0;
    return guard_nowhere(g, port) && (any ? guard_machine(g, port) : guard_one(g, addr, port));
}
