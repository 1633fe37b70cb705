/* Network addresses as 16 bytes (IPv6 or v4-mapped), networks of them, and who the client behind
 * trusted proxies is. Pure; any thread. Never resolves names.
 */
#ifndef DOTEB_COMMON_ADDRESS_H
#define DOTEB_COMMON_ADDRESS_H

#include <sys/socket.h>

#include "common/defs.h"
#include "common/str.h"

enum { ADDRESS_NETS_MAX = 32, ADDRESS_TEXT_MAX = 46 };

struct address_net {
    uint8_t addr[16];
    unsigned bits; /* of 128 */
};

struct address_nets {
    size_t n;
    struct address_net net[ADDRESS_NETS_MAX];
};

/* False if it is of no internet family. */
bool address_of_socket(const struct sockaddr *sa, uint8_t out[16]);
/* "192.0.2.1", "2001:db8::1"; with `ports` also "192.0.2.1:80" and "[2001:db8::1]:80" or without
 * the port. */
MUST_USE bool address_parse(struct str text, bool ports, uint8_t out[16]);
/* As people write it; v4-mapped addresses as IPv4. */
void address_print(const uint8_t addr[16], char out[ADDRESS_TEXT_MAX]);

bool address_in(const uint8_t addr[16], const uint8_t net[16], unsigned bits);
/* "10.1.0.0/16", "fd00::/8", "192.0.2.1". */
MUST_USE bool address_net_parse(struct str text, struct address_net *out);
/* Such networks, separated by commas. False if one is malformed or there are too many. */
MUST_USE bool address_nets_parse(struct address_nets *nets, struct str text);
bool address_nets_hold(const struct address_nets *nets, const uint8_t addr[16]);

/* Whom a connection from `addr` speaks for: while that is a trusted proxy, the last address that
 * `forwarded` (X-Forwarded-For, its fields joined by commas) names and that is not looked at yet.
 * A name that is no address ends the search. */
void address_forwarded(const struct address_nets *trusted, struct str forwarded, uint8_t addr[16]);

#endif
