/* Sealing a provider's secret for an organisation (ARCHITECTURE A9.2), for the API and the command
 * line.
 */
#ifndef DOTEB_CONTROL_PROVIDER_KEY_H
#define DOTEB_CONTROL_PROVIDER_KEY_H

#include "control/app.h"

enum { PROVIDER_SECRET_MAX = 16384, PROVIDER_KEY_MODELS_MAX = 500 };

struct provider_key_new {
    struct uuid organisation;
    int64_t provider_id;
    struct str label, secret;
    struct str base_url;           /* NULL p: the provider's own */
    struct str options;            /* JSON object text */
    struct str models;             /* as in provider_key_store.h; NULL p: all */
    const struct uuid *created_by; /* NULL: the command line */
};

struct provider_key_blob {
    uint8_t sealed[PROVIDER_SECRET_MAX + CRYPTO_SEAL_OVERHEAD];
    size_t len;
    char last4[5]; /* "" of a short secret */
};

/* PG_INVALID also if the organisation's data key does not open (logged). */
MUST_USE enum pg_err provider_key_seal(const struct app *app, struct pg *pg,
                                       struct uuid organisation, struct uuid id, struct str secret,
                                       struct provider_key_blob *out);
/* Seals and stores; `*id` is the new row's. PG_INVALID also if the organisation's data key does not
 * open (logged). */
MUST_USE enum pg_err provider_key_add(const struct app *app, struct pg *pg,
                                      const struct provider_key_new *k, struct uuid *id);
/* Printable ASCII without spaces at its ends, within PROVIDER_SECRET_MAX: what a header can carry.
 * Line ends inside are allowed (a service account's JSON has them). */
bool provider_key_secret_fits(struct str secret);
/* "" or what is wrong with the secret for a provider whose catalogue row names these signers
 * (static; it holds nothing of the secret). */
const char *provider_key_secret_complaint(struct str signers, struct str secret);

#endif
