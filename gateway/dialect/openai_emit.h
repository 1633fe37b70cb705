/* What the files share that write the internal form as an OpenAI chat request. */
#ifndef DOTEB_DIALECT_OPENAI_EMIT_H
#define DOTEB_DIALECT_OPENAI_EMIT_H

#include "gateway/dialect/openai_priv.h"
#include "gateway/wire/json_write.h"

struct openai_emit {
    struct json_write w;
    const struct ir_chat *c;
    const struct dialect_target *to;
    struct arena *a;
    struct dialect_loss *loss;
    bool own;     /* the client speaks this dialect: what only it knows goes on as it stood */
    enum err err; /* the first refusal */
};

/* Refuses, once; returns false. */
PRINTF_LIKE(3, 4)
bool openai_cannot(struct openai_emit *e, struct str field, const char *fmt, ...);
/* `messages` (openai_emit_messages.c) */
void openai_emit_messages(struct openai_emit *e);
/* The parts of a user's message but for results, as an array or a string (openai_emit_parts.c). */
void openai_emit_parts(struct openai_emit *e, const struct ir_message *m,
                       const struct ir_part *parts);
/* One part that is no text, as an element of a content array. */
void openai_emit_medium(struct openai_emit *e, const struct ir_message *m, const struct ir_part *p);
/* Texts of a list as one string. */
void openai_emit_texts(struct openai_emit *e, const struct ir_part *parts, struct str before);
/* What markers a part carries that cannot be said. */
void openai_note_part(struct openai_emit *e, const struct ir_part *p);
/* tools, tool_choice, parallel_tool_calls, response_format (openai_emit_tools.c) */
void openai_emit_tools(struct openai_emit *e);
/* The tool of that name is a custom one of this dialect's. */
bool openai_is_custom(const struct openai_emit *e, struct str name);

#endif
