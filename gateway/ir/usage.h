/* What a request consumed, in every detail that a provider reports. One form for all dialects.
 *
 * Counts are tokens unless named otherwise, -1 where the provider said nothing. `input` is the
 * whole prompt (cached and cache-write tokens included), `output` the whole answer (reasoning
 * included), however the provider splits them.
 */
#ifndef DOTEB_IR_USAGE_H
#define DOTEB_IR_USAGE_H

#include "common/defs.h"

/* More tokens than any request can have: such a count is no count. */
#define USAGE_COUNT_MAX INT64_C(1000000000)

struct usage {
    int64_t input;
    int64_t cached;         /* read from the provider's prompt cache; part of input */
    int64_t cache_write_5m; /* part of input */
    int64_t cache_write_1h; /* part of input */
    int64_t audio_input;    /* part of input, cached audio included */
    int64_t cached_audio;   /* part of cached and of audio_input */
    int64_t image_input;    /* images, not tokens */
    int64_t image_tokens;   /* of images in the prompt; part of input */
    int64_t output;
    int64_t reasoning;     /* part of output */
    int64_t audio_output;  /* part of output */
    int64_t image_output;  /* tokens of images; part of output */
    int64_t characters;    /* of text to speak */
    int64_t pictures;      /* made */
    int64_t audio_ms;      /* heard, milliseconds */
    int64_t web_searches;  /* calls */
    bool estimated;        /* counted by us, not by the provider */
    uint8_t picture_price; /* 0: PRICE_PICTURES, else 1 + index in price_list.picture */
};

/* All counts -1. */
void usage_clear(struct usage *u);
/* Later reports overwrite earlier ones field by field (streams repeat them). */
void usage_merge(struct usage *into, const struct usage *from);
/* Did the provider report prompt and completion tokens? */
bool usage_known(const struct usage *u);

#endif
