/* Mail to people: queued in PostgreSQL, sent by the mailer's thread (jobs/mailer.h). */
#ifndef DOTEB_CONTROL_MAIL_H
#define DOTEB_CONTROL_MAIL_H

#include "common/buf.h"
#include "control/app.h"
#include "control/smtp.h"

enum { MAIL_ADDRESS_MAX = 254, MAIL_TEXT_MAX = 16 << 10 };

/* Can this instance send mail at all (or write it to its log)? Ask before promising one. */
bool mail_possible(const struct app *app);
/* The mail server of the settings; borrows from them. */
struct smtp_server mail_server(const struct app *app);
/* Could this be an e-mail address? No more than what keeps it one line and one recipient. */
bool mail_is_address(struct str s);
/* Queues a mail; in a transaction it goes out with the commit. `text` is plain UTF-8, paragraphs
 * with a blank line between them; a line that is an address below DOTEB_PUBLIC_URL becomes a link
 * in the HTML part. Control characters in `subject` become spaces. */
MUST_USE enum pg_err mail_send(const struct app *app, struct pg *pg, struct str to,
                               struct str subject, struct str text);
/* Appends the HTML part of a mail's text. */
void mail_html(const struct app *app, struct str text, struct buf *out);

#endif
