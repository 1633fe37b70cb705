/* Makes listening sockets. Start-up only. */
#include "gateway/bind.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/str.h"

enum { BACKLOG = 4096, HOST_MAX = 256, PORT_MAX = 65535 };

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

static int try_listen(const struct addrinfo *ai, bool shared)
{
    int one = 1;
    int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (shared)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int bind_listen(const char *address, bool shared, int *port, char err[256])
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
        fd = try_listen(ai, shared);
    freeaddrinfo(list);
    if (fd < 0)
        (void)snprintf(err, 256, "cannot listen on %s: %s", address, strerror(errno));
    else
        *port = port_of(fd);
    return fd;
}
