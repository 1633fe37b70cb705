/* WebAuthn without the database and without HTTP: what a browser signed, and whether it holds.
 * Every function takes bytes from outside and answers false for what is not right.
 */
#ifndef DOTEB_CONTROL_WEBAUTHN_H
#define DOTEB_CONTROL_WEBAUTHN_H

#include "common/defs.h"
#include "common/str.h"

enum {
    WEBAUTHN_ID_MAX = 1023,  /* bytes of a credential's id (WebAuthn 4.) */
    WEBAUTHN_KEY_MAX = 320,  /* bytes of a public key: RSA of 2,048 bits is the largest taken */
    WEBAUTHN_CHALLENGE = 43, /* characters of base64url: 32 bytes */
    WEBAUTHN_DATA_MAX = 4096,
};

/* May pages under an origin use passkeys at all? */
enum webauthn_site {
    WEBAUTHN_SITE_OK,
    WEBAUTHN_SITE_INSECURE, /* neither https nor localhost */
    WEBAUTHN_SITE_ADDRESS,  /* an IP address is no name that a passkey can belong to */
};

/* `rp_id` borrows from `origin` ("https://host:port"). */
enum webauthn_site webauthn_site(struct str origin, struct str *rp_id);

enum webauthn_ceremony { WEBAUTHN_CREATE, WEBAUTHN_GET };

/* The client data: is it of this ceremony and of a page of `origin`? Copies its challenge, "" if it
 * has none, also of what is not. */
MUST_USE bool webauthn_client(struct str json, enum webauthn_ceremony ceremony, struct str origin,
                              char challenge[WEBAUTHN_CHALLENGE + 1]);

struct webauthn_credential {
    int algorithm; /* of COSE */
    uint8_t id[WEBAUTHN_ID_MAX], key[WEBAUTHN_KEY_MAX];
    size_t id_len, key_len;
    uint32_t count;
};

/* What a device made for `rp_id`. Its make is not asked for, so no attestation is looked at. */
MUST_USE bool webauthn_created(const char *rp_id, struct str auth_data,
                               struct webauthn_credential *out);

struct webauthn_assertion {
    struct str auth_data, client_data, signature;
    bool verified_user; /* the device must have asked for a finger, a face or a PIN */
};

/* Is it signed with the credential's key, for `rp_id`? `*count` is the device's counter then. */
MUST_USE bool webauthn_signed(const char *rp_id, const struct webauthn_credential *credential,
                              const struct webauthn_assertion *a, uint32_t *count);

#endif
