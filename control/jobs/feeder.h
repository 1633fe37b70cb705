/* The feed's thread: fetches the catalogue's feed when it is due, on one control daemon at a time.
 */
#ifndef DOTEB_CONTROL_FEEDER_H
#define DOTEB_CONTROL_FEEDER_H

#include "control/app.h"

struct feeder;

/* Returns owned; starts the thread. Borrows `app`. */
struct feeder *feeder_start(const struct app *app);
/* Ends the thread, after the fetch it is at (FEED_TOTAL_MS at most). Accepts NULL. */
void feeder_stop(struct feeder *f);

#endif
