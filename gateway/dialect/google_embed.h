/* Google's embedContent, batchEmbedContents and predict. */
#ifndef DOTEB_DIALECT_GOOGLE_EMBED_H
#define DOTEB_DIALECT_GOOGLE_EMBED_H

#include "gateway/dialect/dialect.h"

extern const struct dialect google_embed, google_batch_embed, google_predict;

#endif
