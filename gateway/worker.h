/* One worker: a thread with its own loop, HTTP server, transfers, timers and spool lane. */
#ifndef DOTEB_GATEWAY_WORKER_H
#define DOTEB_GATEWAY_WORKER_H

#include "common/defs.h"
#include "gateway/mailbox.h"
#include "gateway/options.h"
#include "gateway/request.h"
#include "gateway/snapshot/loader.h"

struct worker;

/* What all workers share; const to them, alive until the last has stopped. */
struct worker_shared {
    const struct options *conf;
    struct spool *spool;
    struct loader *loader;
    struct archive *archive;
    struct tokens *tokens;
    struct guard guard, inline_guard; /* of tenants' base URLs, and of URLs in requests */
    struct address_nets proxies;
    char hop[UUID_TEXT_LEN + 1];
    atomic_llong body_bytes;
};

/* Makes worker `index` on `listen_fd` (takes it) and starts its thread. Returns owned, or NULL with
 * the reason in `err`. */
struct worker *worker_new(struct worker_shared *shared, unsigned index, int listen_fd,
                          char err[128]);
/* Any thread. */
void worker_post(struct worker *w, enum mail what);
/* Requests alive; any thread. */
unsigned worker_active(const struct worker *w);
/* After MAIL_DRAIN: nobody is connected any more. Any thread. */
bool worker_drained(const struct worker *w);
/* After MAIL_STOP: waits for the thread and frees. Accepts NULL. */
void worker_free(struct worker *w);

#endif
