/* The header signer: the key stands alone in a header of the provider's choice. Pure. */
#include <string.h>

#include "gateway/sign/sign.h"

void sign_header(struct str header, struct str secret, char *out)
{
    memcpy(out, header.p, header.len);
    memcpy(out + header.len, ": ", 2);
    memcpy(out + header.len + 2, secret.p, secret.len);
    out[header.len + 2 + secret.len] = '\0';
}
