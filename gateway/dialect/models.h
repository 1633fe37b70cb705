/* The answers of GET /v1/models, in each dialect that has such a question. Pure. */
#ifndef DOTEB_DIALECT_MODELS_H
#define DOTEB_DIALECT_MODELS_H

#include "common/buf.h"
#include "common/str.h"

/* One model as a caller may name it. All borrowed, decoded. */
struct dialect_model {
    struct str provider; /* put before the id with a slash; "" none (a root id) */
    struct str id, name;
    struct str owner;
    bool no_chat, embeds;        /* what it is for, if not chat */
    int64_t created_s;           /* seconds since 1970, 0 unknown */
    int64_t context, max_output; /* tokens, -1 unknown */
};

/* All of them as a list; or, if not `list`, the one (n is 1) as an object of its own. */
typedef void dialect_models_fn(const struct dialect_model *m, size_t n, bool list, struct buf *out);
dialect_models_fn openai_write_models, anthropic_write_models, google_write_models;

#endif
