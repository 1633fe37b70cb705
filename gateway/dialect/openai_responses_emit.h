/* What the two files share that write Responses requests. */
#ifndef DOTEB_DIALECT_OPENAI_RESPONSES_EMIT_H
#define DOTEB_DIALECT_OPENAI_RESPONSES_EMIT_H

#include "gateway/dialect/openai_responses_priv.h"

struct emit {
    const struct ir_chat *c;
    const struct dialect_target *to;
    struct arena *a;
    struct dialect_loss *loss;
    struct json_write w;
};

/* `instructions` and `input`. */
enum err responses_emit_input(struct emit *e);
/* Did the client speak this dialect, too? */
bool responses_is_own(const struct ir_chat *c);

#endif
