/* One URL of a request and what it leads to: a guarded transfer into base64. Only for inline.c.
 */
#ifndef DOTEB_STEPS_INLINE_FILE_H
#define DOTEB_STEPS_INLINE_FILE_H

#include "gateway/ir/media.h"
#include "gateway/request.h"

enum inline_state { INLINE_DUE, INLINE_RUNNING, INLINE_HERE, INLINE_FAILED };

struct inline_file {
    struct inline_file *next;
    struct req *r;
    enum inline_state state;
    enum ir_kind kind; /* IMAGE or FILE */
    struct str text;   /* the URL as it came, decoded; arena */
    struct str field;  /* where it stands first, in the caller's words; arena */
    struct str asked;  /* the type that the request says it has, "" none */
    struct xfer *xfer; /* RUNNING; FAILED until inline_file_stop */
    struct str label;  /* what the server calls it; arena */
    bool coded;        /* it has a Content-Encoding */
    size_t length;     /* bytes so far */
    unsigned n_head, n_rest;
    char head[MEDIA_HEAD_BYTES]; /* how it begins */
    char rest[3];                /* not encoded yet: fewer than three bytes */
    struct buf base64;
    struct str type; /* HERE: static */
    enum err err;    /* FAILED */
    const char *why; /* FAILED: a sentence for the client; arena */
};

/* Begins: RUNNING, and the request is woken once the file is HERE or FAILED; or FAILED at once. */
void inline_file_start(struct inline_file *f);
/* Ends its transfer, if there is one: it is DUE again, or FAILED if it was. */
void inline_file_stop(struct inline_file *f);
/* Too late: FAILED. */
void inline_file_expire(struct inline_file *f);
void inline_file_fini(struct inline_file *f);

#endif
