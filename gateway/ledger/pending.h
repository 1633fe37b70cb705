/* The opens that wait for their close, by request id. One thread. */
#ifndef DOTEB_LEDGER_PENDING_H
#define DOTEB_LEDGER_PENDING_H

#include "common/defs.h"
#include "common/str.h"
#include "common/uuid.h"
#include "gateway/ledger/segment.h"

struct pending_open {
    struct uuid id;
    struct str bytes;        /* the encoded open; p NULL: a free slot */
    struct segment *segment; /* that it lies in, or NULL */
    bool owned;              /* `bytes` is a copy, to be freed by whoever has this struct */
};

struct pending {
    struct pending_open *slots;
    size_t n_slots; /* a power of two, or 0 */
    size_t n;
};

void pending_init(struct pending *p);
/* Frees what is owned. */
void pending_fini(struct pending *p);
/* Remembers an open in a mapped segment (borrowed), or with `segment` NULL a copy of its bytes.
 * False: the id is there already. */
MUST_USE bool pending_add(struct pending *p, struct uuid id, struct str bytes,
                          struct segment *segment);
/* Takes the open out, its bytes with it if they are owned. False: not there. */
MUST_USE bool pending_take(struct pending *p, struct uuid id, struct pending_open *out);

#define pending_for_each(map, o)                                                                   \
    for (struct pending_open *o = (map)->slots; o < (map)->slots + (map)->n_slots; o++)            \
        if (o->bytes.p)

#endif
