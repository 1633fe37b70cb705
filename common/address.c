/* Addresses, networks, and the client behind trusted proxies. Pure. */
#include "common/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool address_of_socket(const struct sockaddr *sa, uint8_t out[16])
{
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

/* Without the port and the brackets. */
static struct str without_port(struct str text)
{
    const char *end;
    if (text.len && text.p[0] == '[') {
        end = memchr(text.p, ']', text.len);
        bool plain = end && (end + 1 == text.p + text.len || end[1] == ':');
        return plain ? str_make(text.p + 1, (size_t)(end - text.p) - 1) : STR("");
    }
    end = memchr(text.p, ':', text.len);
    bool one = end && !memchr(end + 1, ':', text.len - (size_t)(end - text.p) - 1);
    return one ? str_make(text.p, (size_t)(end - text.p)) : text;
}

bool address_parse(struct str text, bool ports, uint8_t out[16])
{
    char z[ADDRESS_TEXT_MAX];
    if (!text.len)
        return false;
    if (ports)
        text = without_port(text);
    if (!text.len || text.len >= sizeof z || memchr(text.p, '\0', text.len))
        return false;
    memcpy(z, text.p, text.len);
    z[text.len] = '\0';
    if (inet_pton(AF_INET6, z, out) == 1)
        return true;
    memcpy(out, mapped, sizeof mapped);
    return inet_pton(AF_INET, z, out + 12) == 1;
}

void address_print(const uint8_t addr[16], char out[ADDRESS_TEXT_MAX])
{
    bool v4 = memcmp(addr, mapped, sizeof mapped) == 0;
    if (!inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? addr + 12 : addr, out, ADDRESS_TEXT_MAX))
        out[0] = '\0';
}

bool address_in(const uint8_t addr[16], const uint8_t net[16], unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(addr, net, whole) != 0)
        return false;
    unsigned mask = rest ? 0xffu << (8 - rest) & 0xffu : 0;
    return rest == 0 || ((addr[whole] ^ net[whole]) & mask) == 0;
}

bool address_net_parse(struct str text, struct address_net *out)
{
    struct str host = str_cut(&text, '/');
    int64_t bits;
    if (!address_parse(host, false, out->addr))
        return false;
    bool v4 = !memchr(host.p, ':', host.len);
    int64_t most = v4 ? 32 : 128;
    if (!text.p)
        bits = most;
    else if (!str_to_i64(text, &bits) || bits < 0 || bits > most)
        return false;
    out->bits = (unsigned)(v4 ? 96 + bits : bits);
    return true;
}

bool address_nets_parse(struct address_nets *nets, struct str text)
{
    *nets = (struct address_nets){0};
    while (text.len) {
        struct str part = str_trim(str_cut(&text, ','));
        if (part.len == 0)
            continue;
        if (nets->n == ADDRESS_NETS_MAX || !address_net_parse(part, &nets->net[nets->n]))
            return false;
        nets->n++;
    }
    return true;
}

bool address_nets_hold(const struct address_nets *nets, const uint8_t addr[16])
{
    for (size_t i = 0; i < nets->n; i++)
        if (address_in(addr, nets->net[i].addr, nets->net[i].bits))
            return true;
    return false;
}

void address_forwarded(const struct address_nets *trusted, struct str forwarded, uint8_t addr[16])
{
    while (forwarded.len && address_nets_hold(trusted, addr)) {
        size_t at = forwarded.len;
        while (at > 0 && forwarded.p[at - 1] != ',')
            at--;
        struct str last = str_trim(str_make(forwarded.p + at, forwarded.len - at));
        uint8_t found[16];
        if (!address_parse(last, true, found))
            return;
        memcpy(addr, found, sizeof found);
        forwarded.len = at > 0 ? at - 1 : 0;
    }
}
