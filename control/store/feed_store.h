/* SQL of the catalogue's feed: where it comes from, what makes it trusted, how the last fetch went.
 */
#ifndef DOTEB_CONTROL_FEED_STORE_H
#define DOTEB_CONTROL_FEED_STORE_H

#include "common/pg.h"

enum {
    FEED_URL,
    FEED_TRUST,
    FEED_PUBLIC_KEY,
    FEED_PIN,
    FEED_PRUNE,
    FEED_AUTOMATIC,
    FEED_SHA256,
    FEED_WAITS
};

/* Column 0: the item's JSON; `organisation` and `id` are not looked at. */
MUST_USE enum pg_err feed_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                    struct pg_result **out);

struct feed_patch {
    struct str url, public_key, pin; /* NULL p: as it is */
    const char *schedule, *trust;    /* NULL: as it is */
    const bool *prune, *automatic;   /* NULL: as it is */
};

/* On a schedule, a changed feed is due at once. */
MUST_USE enum pg_err feed_store_patch(struct pg *pg, const struct feed_patch *f);
/* It is due now, and the job is told. */
MUST_USE enum pg_err feed_store_hurry(struct pg *pg);
/* The job hears of it. */
MUST_USE enum pg_err feed_store_listen(struct pg *pg);
/* The feed if it is due and nobody else fetches it; no row otherwise. Nobody else will until the
 * transaction ends. Columns: FEED_*; the last two are of what was fetched last: its SHA-256 as
 * hexadecimal text, and whether it still waits to be applied. */
MUST_USE enum pg_err feed_store_take(struct pg *pg, struct pg_result **out);
/* Is it still what was taken? Holds it so until the transaction ends. */
MUST_USE enum pg_err feed_store_same(struct pg *pg, const struct pg_result *taken, bool *same);
/* How it went; when it is due next. `version` NULL: as it was. */
MUST_USE enum pg_err feed_store_settle(struct pg *pg, const char *outcome, struct str detail,
                                       const struct uuid *version);

#endif
