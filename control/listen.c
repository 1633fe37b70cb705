/* Opens the listening socket. Start-up only; numeric addresses and names of this host. */
#include "control/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/str.h"

enum { BACKLOG = 512, ERR_BYTES = 256 };

static bool split(const char *address, char host[256], char port[8])
{
    int64_t number;
    struct str s = str_of(address);
    size_t colon = s.len;
    while (colon > 0 && s.p[colon - 1] != ':')
        colon--;
    if (colon == 0 || s.len - colon >= 8 || s.len - colon == 0 || colon - 1 >= 256)
        return false;
    /* getaddrinfo would take 99999 and wrap it. */
    if (!str_to_i64(str_make(s.p + colon, s.len - colon), &number) || number < 0 || number > 65535)
        return false;
    struct str h = str_make(s.p, colon - 1);
    if (h.len >= 2 && h.p[0] == '[' && h.p[h.len - 1] == ']')
        h = str_make(h.p + 1, h.len - 2);
    (void)snprintf(host, 256, STR_FMT, STR_ARG(h));
    (void)snprintf(port, 8, "%.*s", (int)(s.len - colon), s.p + colon);
    return true;
}

static int open_one(const struct addrinfo *a, char *err)
{
    int one = 1;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
        bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    (void)snprintf(err, ERR_BYTES, "%s", strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static int port_of(int fd)
{
    struct sockaddr_storage a;
    socklen_t len = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        return 0;
    return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&a)->sin6_port
                                         : ((struct sockaddr_in *)(void *)&a)->sin_port);
}

int listen_open(const char *address, int *port, char err[256])
{
    char host[256], service[8];
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    if (!split(address, host, service)) {
        (void)snprintf(err, ERR_BYTES, "give host:port");
        return -1;
    }
    int code = getaddrinfo(*host ? host : NULL, service, &hints, &found);
    if (code != 0) {
        (void)snprintf(err, ERR_BYTES, "%s", gai_strerror(code));
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *a = found; a && fd < 0; a = a->ai_next)
        fd = open_one(a, err);
    freeaddrinfo(found);
    if (fd >= 0)
        *port = port_of(fd);
    return fd;
}
