/* The housekeeping thread: partitions of the request log a week ahead, expired ones dropped, old
 * change feed rows and ended sessions deleted; at start and hourly.
 */
#ifndef DOTEB_CONTROL_RETENTION_H
#define DOTEB_CONTROL_RETENTION_H

#include "common/defs.h"

struct retention;

/* Returns owned; starts the thread. */
struct retention *retention_start(const char *database_url);
/* Ends the thread, after the statement it is at. Accepts NULL. */
void retention_stop(struct retention *r);

#endif
