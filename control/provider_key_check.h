/* Asks a provider whether it takes a secret, by what is free there (docs/provider-keys.md). Job
 * threads; waits for the provider, FETCH_TOTAL_MS at most.
 */
#ifndef DOTEB_CONTROL_PROVIDER_KEY_CHECK_H
#define DOTEB_CONTROL_PROVIDER_KEY_CHECK_H

#include "common/arena.h"
#include "control/app.h"
#include "control/store/catalogue_store.h"

/* All borrowed. */
struct provider_key_subject {
    const struct provider_row *provider;
    struct str base_url; /* NULL p: the provider's own */
    struct str options;  /* JSON object text */
    struct str secret;
};

enum check_outcome {
    CHECK_OK,
    CHECK_REFUSED,
    CHECK_RATE_LIMITED,
    CHECK_UNREACHABLE,
    CHECK_UNCLEAR,
};

struct provider_key_check {
    enum check_outcome outcome;
    struct str json;    /* the API's object, in the arena; holds nothing of the secret */
    const char *detail; /* its sentence, in the arena */
};

void provider_key_check(const struct app *app, const struct provider_key_subject *s,
                        struct arena *arena, struct provider_key_check *out);

#endif
