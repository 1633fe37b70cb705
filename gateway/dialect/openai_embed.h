/* What OpenAI's API and its likes have besides chat: vectors, moderations, pictures, rerank. */
#ifndef DOTEB_DIALECT_OPENAI_EMBED_H
#define DOTEB_DIALECT_OPENAI_EMBED_H

#include "gateway/dialect/dialect.h"
#include "gateway/dialect/read.h"

extern const struct dialect openai_embeddings, openai_moderations, openai_images, openai_rerank,
    openai_speech;

/* ---- openai_plain.c: what they share */

/* The value of `model`. */
void plain_read_model(struct reader *r, struct dialect_request *out);
/* The only edit there is: the provider's name for the model. */
size_t plain_edit_request(const struct dialect_request *in, const struct dialect_target *to,
                          struct arena *a, struct dialect_edit edits[DIALECT_EDITS_MAX]);
/* As openai_scan_answer; an answer is what has a list of results. */
bool plain_scan_answer(struct str body, struct arena *a, struct dialect_answer *out);

#endif
