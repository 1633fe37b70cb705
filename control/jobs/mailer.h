/* The thread that sends queued mail (mail.h). */
#ifndef DOTEB_CONTROL_MAILER_H
#define DOTEB_CONTROL_MAILER_H

#include "control/app.h"

struct mailer;

/* Returns owned; starts the thread. NULL: this instance sends no mail. */
struct mailer *mailer_start(const struct app *app);
/* Ends the thread; a mail under way is given up and sent by the next start. Accepts NULL. */
void mailer_stop(struct mailer *m);

#endif
