/* What the simulator served, as JSON (GET /_sim/...). */
#ifndef DOTEB_SIM_READOUT_H
#define DOTEB_SIM_READOUT_H

#include "common/buf.h"
#include "tests/simulator/sim.h"

/* At most `limit` records with seq > since, oldest first, as a list. */
void readout_requests(struct buf *b, struct sim *sim, uint64_t since, uint64_t limit);
/* All remembered records with this gateway request id, as a list. */
void readout_request(struct buf *b, struct sim *sim, struct str gateway_id);
/* The newest request in full, or null; `n` > 0: a list of the newest n, oldest first. With
 * `gateway_id` (p not NULL): the newest one with that id. */
void readout_last(struct buf *b, struct sim *sim, uint64_t n, struct str gateway_id);
void readout_counters(struct buf *b, struct sim *sim);

#endif
