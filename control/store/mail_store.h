/* SQL of mail that waits to be sent. */
#ifndef DOTEB_CONTROL_MAIL_STORE_H
#define DOTEB_CONTROL_MAIL_STORE_H

#include "common/pg.h"
#include "common/uuid.h"

struct mail_new {
    struct uuid id;
    struct str recipient, subject, text_sealed;
};

/* The channel that is notified of a mail added, at its commit. */
#define MAIL_CHANNEL "doteb_mail"

MUST_USE enum pg_err mail_store_add(struct pg *pg, const struct mail_new *m);
/* LISTENs on the channel. */
MUST_USE enum pg_err mail_store_listen(struct pg *pg);
/* Takes a mail whose time has come; for `hold_s` no other daemon does. No row: none is due. */
MUST_USE enum pg_err mail_store_take(struct pg *pg, int hold_s, struct pg_result **out);
enum { MAIL_ID, MAIL_RECIPIENT, MAIL_SUBJECT, MAIL_TEXT, MAIL_ATTEMPTS, MAIL_EXPIRED };
/* It was taken, or never will be. */
MUST_USE enum pg_err mail_store_remove(struct pg *pg, struct uuid id);
/* It is tried again `retry_s` from now, after each further failure four times as late, an hour at
 * most. */
MUST_USE enum pg_err mail_store_failed(struct pg *pg, struct uuid id, int retry_s, const char *why);
/* Does one wait that could not be sent at once? */
MUST_USE enum pg_err mail_store_late(struct pg *pg, bool *late);

#endif
