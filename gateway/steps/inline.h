/* Media by URL for providers that take them only inside the request: fetched before it is written
 * (ARCHITECTURE 8.5). The chosen candidate decides, at each attempt; what was fetched is kept for
 * the next one.
 */
#ifndef DOTEB_STEPS_INLINE_H
#define DOTEB_STEPS_INLINE_H

#include "gateway/request.h"

enum inline_result {
    INLINE_READY,   /* the request may be written */
    INLINE_WAIT,    /* the request will be woken: ask again */
    INLINE_REFUSED, /* `*err` says why, and r->tx.loss.why if another candidate may do */
};

/* Puts the media of r->want.chat in the form that `to` takes: as URLs or as bytes. */
MUST_USE enum inline_result inline_media(struct req *r, const struct dialect_target *to,
                                         enum err *err);
/* Does r->want.chat name any by URL, so that they must be fetched for one who takes none? */
bool inline_holds_urls(const struct req *r);

#endif
