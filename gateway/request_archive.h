/* Stored answers, as a request sees them: asked for, waited for, never blocking the worker.
 *
 * One thread with one connection serves all workers. A request waits at most ARCHIVE_WAIT_MS; what
 * comes later is dropped. Contents are sealed under the organisation's data key before they leave
 * the process.
 */
#ifndef DOTEB_GATEWAY_REQUEST_ARCHIVE_H
#define DOTEB_GATEWAY_REQUEST_ARCHIVE_H

#include "common/crypto.h"
#include "gateway/request.h"

enum { ARCHIVE_WAIT_MS = 250 };

/* Returns owned; borrows both. */
struct archive *archive_new(const char *database_url, const struct master_keys *keys);
void archive_free(struct archive *a);

enum archive_what {
    ARCHIVE_CHAIN, /* the answer and all before it: items, oldest first */
    ARCHIVE_GET,   /* the answer alone: its response object */
    ARCHIVE_ITEMS, /* the answers that have any of the items whose ids `id` lists (JSON array) */
    ARCHIVE_PUT,   /* keeps `contents` under the id */
    ARCHIVE_DELETE,
};

/* {"items":[...],"response":{...}}: what is kept of an answer. */
struct archive_contents {
    struct str items, response; /* raw JSON array and object */
    struct str item_ids;        /* PUT: JSON array of its output's items' ids */
};

/* Asks for it on behalf of `r` (its organisation and project); `r` is woken when it is there or the
 * time is up. `previous` and `contents` are for PUT and are copied. Once at a time for a request.
 */
void archive_ask(struct req *r, enum archive_what what, struct str id, struct str previous,
                 const struct archive_contents *contents);
/* Has an answer come, or will none come any more? Then archive_result tells. */
bool archive_answered(const struct req *r);

enum archive_result {
    ARCHIVE_OK,
    ARCHIVE_NONE,        /* there is no such answer in this project */
    ARCHIVE_UNAVAILABLE, /* no database, too late, or it could not be opened */
};
/* Fills `found` (n of them, request's memory; may be NULL for PUT and DELETE). The request may ask
 * again afterwards. */
enum archive_result archive_take(struct req *r, struct archive_contents **found, size_t *n);
/* The request ends: an answer on its way is dropped. */
void archive_forget(struct req *r);

#endif
