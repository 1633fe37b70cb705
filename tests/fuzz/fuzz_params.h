/* A body that is passed to an offer which takes none of the parameters that an offer may lack: what
 * is left is accepted, and has none of them. Shared by the targets of clients' requests.
 */
#ifndef DOTEB_TESTS_FUZZ_PARAMS_H
#define DOTEB_TESTS_FUZZ_PARAMS_H

#include "gateway/dialect/params.h"
#include "tests/fuzz/fuzz.h"

static inline void fuzz_params(const struct dialect *d, const struct dialect_call *call,
                               struct str body, const struct dialect_request *q,
                               const struct dialect_target *to, struct arena *a)
{
    struct dialect_target less = *to;
    struct dialect_request again;
    struct dialect_refusal why;
    struct dialect_edit edits[DIALECT_EDITS_MAX];
    struct dialect_loss loss = {0}, none = {0};
    struct buf out;
    less.lacks = ~0u;
    size_t n = d->edit_request(q, &less, a, edits);
    enum err err = params_fit_body(d, q, body, &less, a, edits, &n, &loss);
    if (err) {
        ASSERT(err == E_UNSUPPORTED && loss.why.field.len > 0 && loss.why.text.len > 0);
        return;
    }
    buf_init(&out, body.len + 4096);
    ASSERT(dialect_apply(body, edits, n, &out));
    ASSERT(d->scan_request(buf_str(&out), call, a, &again, &why) == E_OK);
    n = d->edit_request(&again, &less, a, edits);
    ASSERT(params_fit_body(d, &again, buf_str(&out), &less, a, edits, &n, &none) == E_OK);
    /* a name may stand twice within an inner object */
    ASSERT(none.n_stripped <= loss.n_stripped);
    ASSERT(again.max_output == q->max_output && again.n == q->n);
    buf_fini(&out);
}

#endif
