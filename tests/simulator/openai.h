/* What OpenAI's endpoints share. */
#ifndef DOTEB_SIM_OPENAI_H
#define DOTEB_SIM_OPENAI_H

#include "tests/simulator/protocol.h"

extern const struct fault OPENAI_FAULTS[];

void openai_refuse_key(struct api_error *e, const struct site *site, struct str key);
void openai_no_model(struct api_error *e, struct str model);
void openai_error(struct buf *b, const struct api_error *e, struct str request_id);
/* OpenAI's header lines that clients read. */
void openai_head(const struct answer *a, struct buf *out);

/* Reads the body of a small endpoint: a JSON object with a model. */
MUST_USE bool openai_read(struct chat_request *c, struct str body, struct api_error *e);
/* The same with a body already read, which it takes. */
MUST_USE bool openai_take(struct chat_request *c, json_t *root, struct api_error *e);

/* The table of a small endpoint, which does not stream; `no_text`: it answers with no text. */
#define OPENAI_TABLE(prefix, parser, renderer, no_text)                                            \
    {                                                                                              \
        .id_prefix = prefix, .keys = KEY_BEARER | KEY_API_KEY, .faults = OPENAI_FAULTS,            \
        .mute = no_text, .parse = parser, .refuse_key = openai_refuse_key,                         \
        .no_model = openai_no_model, .head = openai_head, .render = renderer,                      \
        .error = openai_error                                                                      \
    }
#define OPENAI_PROTOCOL(name, prefix, parser, renderer)                                            \
    const struct protocol name = OPENAI_TABLE(prefix, parser, renderer, true)

#endif
