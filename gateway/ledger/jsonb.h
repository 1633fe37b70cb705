/* Does PostgreSQL's jsonb take this JSON? It refuses some that the grammar allows. Pure. */
#ifndef DOTEB_LEDGER_JSONB_H
#define DOTEB_LEDGER_JSONB_H

#include "common/defs.h"
#include "common/str.h"

/* True only for a JSON object that jsonb surely takes: no \u0000, no half surrogate pairs, no
 * numbers of extreme size. */
MUST_USE bool jsonb_accepts_object(struct str text);

#endif
