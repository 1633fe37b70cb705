/* The dialects of this build, and the edits that all of them use. Pure; any thread. */
#include "gateway/dialect/dialect.h"

#include "gateway/dialect/openai_priv.h"

static const struct dialect *const dialects[] = {&openai_chat};

const struct dialect *dialect_find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(dialects); i++)
        if (str_eq(name, str_of(dialects[i]->name)))
            return dialects[i];
    return NULL;
}

bool dialect_apply(struct str body, const struct dialect_edit *edits, size_t n, struct buf *out)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        const struct dialect_edit *e = &edits[i];
        ASSERT(at <= e->begin && e->begin <= e->end && e->end <= body.len);
        buf_add(out, body.p + at, e->begin - at);
        buf_add_str(out, e->with);
        at = e->end;
    }
    return buf_add(out, body.p + at, body.len - at);
}
