/* Parses a base URL by hand, narrowly: what this does not understand no other parser shall get to
 * understand differently. Resolves its host.
 */
#include "control/base_url.h"

#include <netdb.h>
#include <stdio.h>

enum { URL_MAX_BYTES = 1024, HOST_MAX_BYTES = 253 };

struct parts {
    char host[HOST_MAX_BYTES + 1];
    char port[6];
    bool v6;
};

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool all_of(struct str s, const char *others)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_alnum(s.p[i]) && (s.p[i] == '\0' || !strchr(others, s.p[i])))
            return false;
    return true;
}

static bool split_host(struct str authority, struct str *host, struct str *port, bool *v6)
{
    *v6 = authority.len && authority.p[0] == '[';
    ptrdiff_t end = *v6 ? str_find(authority, ']') : -1;
    if (*v6) {
        if (end < 0)
            return false;
        *host = str_make(authority.p + 1, (size_t)end - 1);
        struct str rest = str_make(authority.p + end + 1, authority.len - (size_t)end - 1);
        if (rest.len && rest.p[0] != ':')
            return false;
        *port = rest.len ? str_make(rest.p + 1, rest.len - 1) : STR_NULL;
        return all_of(*host, ":.");
    }
    *port = authority;
    *host = str_cut(port, ':');
    return all_of(*host, "-.");
}

static const char *parse(struct str url, struct parts *out)
{
    int64_t number;
    struct str host, port;
    bool tls = str_starts(url, STR("https://"));
    if (url.len > URL_MAX_BYTES)
        return "it is over 1,024 bytes.";
    if (!tls && !str_starts(url, STR("http://")))
        return "give an http or https URL.";
    struct str rest = str_make(url.p + (tls ? 8 : 7), url.len - (tls ? 8 : 7));
    struct str authority = str_cut(&rest, '/');
    if (rest.p && !all_of(rest, "/-._~!$&'()*+,;=:@%"))
        return "its path has a character that is not allowed (no query, no fragment).";
    if (!split_host(authority, &host, &port, &out->v6) || host.len == 0 ||
        host.len > HOST_MAX_BYTES)
        return "its host is no name or address (no user, no password).";
    if (port.p && (!str_to_i64(port, &number) || number < 1 || number > 65535 || port.len > 5))
        return "its port is no number from 1 to 65535.";
    (void)snprintf(out->host, sizeof out->host, STR_FMT, STR_ARG(host));
    (void)snprintf(out->port, sizeof out->port, "%.*s", port.p ? (int)port.len : 3,
                   port.p ? port.p : (tls ? "443" : "80"));
    return "";
}

static const char *check_addresses(const struct parts *p, const struct guard *guard)
{
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    if (getaddrinfo(p->host, p->port, &hints, &found) != 0)
        return "its host cannot be resolved.";
    bool ok = found != NULL;
    for (const struct addrinfo *a = found; a && ok; a = a->ai_next)
        ok = guard_permits(guard, a->ai_addr);
    freeaddrinfo(found);
    return ok ? ""
              : "its host has a private or otherwise special address, which is not allowed: this "
                "instance reaches public addresses only, and those that its operator names.";
}

const char *base_url_complaint(struct str url, const struct guard *guard)
{
    struct parts p;
    const char *why = parse(url, &p);
    return *why || !guard ? why : check_addresses(&p, guard);
}
