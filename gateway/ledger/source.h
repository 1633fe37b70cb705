/* What program a request came from, as analytics count it. Pure; any thread. */
#ifndef DOTEB_LEDGER_SOURCE_H
#define DOTEB_LEDGER_SOURCE_H

#include "common/arena.h"
#include "gateway/ledger/record.h"

/* What x-source, else HTTP-Referer says, as an address without scheme, user and password, "www.",
 * query, fragment and slashes at the end, its host in small letters, no control characters; without
 * either, the coding agent that the User-Agent is known of; else "". Points into the record or
 * `arena`. */
struct str source_name(const struct ledger_open *o, struct arena *arena);

#endif
