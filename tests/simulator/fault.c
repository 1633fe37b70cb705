/* Errors by the protocols' tables (protocol.h). Pure. */
#include <stdio.h>

#include "tests/simulator/protocol.h"

const struct fault *fault_find(const struct protocol *p, unsigned status, struct str word)
{
    const struct fault *f = p->faults;
    for (; f->status; f++) {
        if (f->word ? word.len > 0 && str_eq(word, str_of(f->word))
                    : word.len == 0 && f->status == status) {
            return f;
        }
    }
    return f;
}

/* Rows with words come before those of statuses, so that one pass finds the best. */
bool fault_set(struct api_error *e, const struct protocol *p, unsigned status, struct str word)
{
    const struct fault *f = fault_find(p, status, word);
    const struct fault *plain = fault_find(p, status, STR_NULL);
    memset(e, 0, sizeof(*e));
    e->status = status;
    if (!f->status && word.len > 0) { /* a name of the caller's own */
        snprintf(e->kind, sizeof(e->kind), STR_FMT, STR_ARG(word));
        f = plain;
    }
    e->type = f->type                          ? f->type
              : plain->status || status >= 500 ? plain->type
                                               : "invalid_request_error";
    if (f->word && f->type) {
        snprintf(e->kind, sizeof(e->kind), "%s", f->type);
    }
    e->code = f->code;
    snprintf(e->param, sizeof(e->param), "%s", f->param ? f->param : "");
    const char *message = f->message ? f->message : plain->message;
    if (message) {
        snprintf(e->message, sizeof(e->message), "%s", message);
    } else {
        snprintf(e->message, sizeof(e->message), "The simulator answered %u as asked.", status);
    }
    return false;
}
