/* Stored answers on a request's way: earlier ones are put before its input, its own is kept, and
 * one is given or deleted when asked for. Each wait is bounded (request_archive.h). */
#ifndef DOTEB_STEPS_CHAIN_H
#define DOTEB_STEPS_CHAIN_H

#include "gateway/request.h"

/* r->archive.phase */
enum chain_phase {
    CHAIN_NONE,
    CHAIN_FETCHING,  /* the answers before this one */
    CHAIN_RESOLVING, /* items that are named by their ids */
    CHAIN_READY,     /* the body is whole */
    CHAIN_STORING,
    CHAIN_STORED,
    CHAIN_ASKED, /* a stored answer was asked for */
};

/* Part of receive: after the body was scanned. NEXT at once where nothing is named. */
enum step_rc chain_before(struct req *r);
/* Part of stream: the answer is whole, its end is held back. NEXT when it is kept, or need not be.
 */
enum step_rc chain_after(struct req *r);
/* Part of auth: ENDPOINT_STORED. */
enum step_rc chain_query(struct req *r);

#endif
