/* Words for a worker from other threads: bits in an atomic, and an eventfd that wakes its loop.
 *
 * This version needs two messages only, and both are idempotent, so bits serve: no queue, no
 * memory, no order.
 */
#ifndef DOTEB_GATEWAY_MAILBOX_H
#define DOTEB_GATEWAY_MAILBOX_H

#include <stdatomic.h>

#include "common/defs.h"
#include "gateway/loop.h"

enum mail {
    MAIL_SNAPSHOT = 1 << 0,
    MAIL_LEAVE = 1 << 1, /* soon: answers end their connections */
    MAIL_DRAIN = 1 << 2, /* now: nothing new is taken */
    MAIL_STOP = 1 << 3,
};

struct mailbox {
    struct source source;
    atomic_uint bits;
};

/* Makes the eventfd and arms it in `l`. */
void mailbox_init(struct mailbox *m, struct loop *l);
void mailbox_fini(struct mailbox *m, struct loop *l);
/* Any thread; also from a signal handler. */
void mailbox_post(struct mailbox *m, enum mail what);
/* The owner: takes all bits. */
unsigned mailbox_take(struct mailbox *m);

#endif
