/* A request in the ledger's words. */
#ifndef DOTEB_STEPS_LEDGER_ENTRY_H
#define DOTEB_STEPS_LEDGER_ENTRY_H

#include "gateway/request.h"

/* Writes the open record: E_OK or E_SPOOL_FULL. */
MUST_USE enum err ledger_entry_open(struct req *r);
/* Writes the close record; the open one stands. */
void ledger_entry_close(struct req *r, int64_t now_us);
/* requests.outcome of what became of it. */
enum outcome ledger_entry_outcome(const struct req *r);
/* The status that the row keeps. */
int ledger_entry_status(const struct req *r);

#endif
