/* The bearer signer: RFC 6750. Pure. */
#include <string.h>

#include "gateway/sign/sign.h"

size_t sign_line_bytes(struct str header, struct str secret)
{
    size_t name = header.len > sizeof "authorization: Bearer " ? header.len
                                                               : sizeof "authorization: Bearer ";
    return name + 2 + secret.len + 1;
}

void sign_bearer(struct str secret, char *out)
{
    static const char lead[] = "authorization: Bearer ";
    memcpy(out, lead, sizeof lead - 1);
    memcpy(out + sizeof lead - 1, secret.p, secret.len);
    out[sizeof lead - 1 + secret.len] = '\0';
}
