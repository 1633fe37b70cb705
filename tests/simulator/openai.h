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

#endif
