/* The question about a secret that is free at its provider (docs/provider-keys.md): a request,
 * ready to be sent. Job threads.
 */
#ifndef DOTEB_CONTROL_PROVIDER_KEY_QUESTION_H
#define DOTEB_CONTROL_PROVIDER_KEY_QUESTION_H

#include "control/provider_key_check.h"
#include "control/provider_key_sign.h"

enum { QUESTION_LINES_MAX = PROVIDER_SIGNED_MAX + 2 };

enum question_kind {
    ASK_MODELS,            /* the list of models */
    ASK_FOUNDATION_MODELS, /* the same at the host that lists, not the one that is called */
    ASK_EMPTY_CALL,        /* a call without content: it is judged after the secret */
    ASK_TOKEN,             /* a token of a service account, at the operator's address */
};

/* All of it is in the arena; what holds the secret is wiped with it. */
struct question {
    enum question_kind kind;
    const char *method, *url;
    const char *lines[QUESTION_LINES_MAX];
    size_t n_lines;
    struct str body;    /* NULL p: none */
    const char *broken; /* why there can be no question (static), or NULL */
};

void provider_key_question(const struct app *app, const struct provider_key_subject *s,
                           struct arena *arena, struct question *out);
/* For people: who is asked, and what it says of the secret if the answer is good; static. */
const char *provider_key_question_who(enum question_kind kind);
const char *provider_key_question_found(enum question_kind kind);

#endif
