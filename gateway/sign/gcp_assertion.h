/* Google service accounts: reads the account's JSON, and makes and reads what is said to Google's
 * token service (RFC 7523: a signed assertion for an access token). Pure: who calls has the clock
 * and does the transfer.
 */
#ifndef DOTEB_SIGN_GCP_ASSERTION_H
#define DOTEB_SIGN_GCP_ASSERTION_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/defs.h"
#include "common/str.h"

/* The one place that may see an assertion: an account that names another is refused. */
#define GCP_TOKEN_URL "https://oauth2.googleapis.com/token"

enum {
    GCP_ACCOUNT_MAX = 16384, /* bytes of an account's JSON */
    GCP_ASSERTION_S = 3600,  /* how long an assertion holds: the most that Google accepts */
    GCP_TOKEN_MAX = 8192,    /* bytes of an access token */
    GCP_REQUEST_MAX = 8192,  /* bytes of a request for one */
};

/* In the arena, wiped with it. */
struct gcp_account {
    struct str email, key_id; /* key_id "" none */
    struct str private_key;   /* PEM */
    struct str token_url;     /* where it is to be used, and the assertion's audience */
};

/* Reads `{"type": "service_account", "client_email", "private_key", "private_key_id"?,
 * "token_uri"?,
 * ...}`. Another token_uri than GCP_TOKEN_URL or `token_url` is refused; `token_url` is what the
 * account gets (a test's; GCP_TOKEN_URL else). NULL if fine, else what is wrong (static; it never
 * holds a part of the account). The key itself is looked at when it signs. */
MUST_USE const char *gcp_account_read(struct str json, struct str token_url, struct arena *a,
                                      struct gcp_account *out);

/* Appends the form that asks for a token for the whole of Google Cloud, signed (RS256) at
 * `wall_us`. NULL if fine, else what is wrong with the key (static). Takes a millisecond or two. */
MUST_USE const char *gcp_token_request(const struct gcp_account *account, int64_t wall_us,
                                       struct buf *out);

/* Reads the answer of status 200: `*token` (in the arena, wiped with it) is fit for a header;
 * `*lifetime_s` is 1..86400. False: it makes no sense. */
MUST_USE bool gcp_token_answer(struct str body, struct arena *a, struct str *token,
                               int64_t *lifetime_s);
/* The word of a refusal ("invalid_grant"), borrowed; "" if there is none that could be shown. */
struct str gcp_token_refusal(struct str body);

#endif
