/* Vectors that stand for texts: the same text gives the same vector, of length about 1. */
#ifndef DOTEB_SIM_EMBED_H
#define DOTEB_SIM_EMBED_H

#include "common/buf.h"

enum { EMBED_DIMENSIONS = 64, EMBED_DIMENSIONS_MAX = 8192 };

/* Appends `n` numbers with commas between. */
void embed_numbers(struct buf *b, struct str text, uint32_t n);
/* Appends them as base64 of little-endian 32 bit floats. */
void embed_base64(struct buf *b, struct str text, uint32_t n);

#endif
