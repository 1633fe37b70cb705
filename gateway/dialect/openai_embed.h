/* What OpenAI's API and its likes have besides chat: vectors, moderations, pictures, audio, rerank.
 */
#ifndef DOTEB_DIALECT_OPENAI_EMBED_H
#define DOTEB_DIALECT_OPENAI_EMBED_H

#include "gateway/dialect/dialect.h"
#include "gateway/dialect/read.h"

extern const struct dialect openai_embeddings, openai_moderations, openai_images, openai_edits,
    openai_rerank, openai_speech, openai_transcriptions, openai_translations;

/* ---- openai_plain.c: what they share */

/* What of a body is looked at, JSON or form. */
enum { PLAIN_REQUIRED_MAX = 2, PLAIN_MODEL_MAX_BYTES = 256 };
struct plain {
    const char *required[PLAIN_REQUIRED_MAX];
    const char *counts; /* the first required one: a string whose characters count; NULL none */
    const char *model;  /* if none is given; NULL: it must be */
    const char *file;   /* of a form: a file that it must have (`image` also as `image[]`) */
    bool streams;       /* `stream` is known; else it is refused */
    bool stream_format; /* a stream is asked for so (speech) */
    bool pictures;      /* `n` of them are asked for */
};
/* Reads a form. (openai_form.c) */
enum err plain_scan_form(const struct plain *p, struct str body, struct str boundary,
                         struct arena *a, struct dialect_request *out, struct dialect_refusal *why);
/* The tokens of a picture that nobody told. */
enum { PLAIN_PICTURE_TOKENS = 1056 };
/* An answer of pictures, of a transcription, and an event of a stream of either or of speech.
 * (openai_media.c) */
bool media_scan_pictures(struct str body, struct arena *a, struct dialect_answer *out);
bool media_scan_transcript(struct str body, struct arena *a, struct dialect_answer *out);
bool media_scan_event(const struct frame *f, struct arena *a, struct dialect_answer *out);
/* The value of `model`. */
void plain_read_model(struct reader *r, struct dialect_request *out);
/* The only edit there is: the provider's name for the model. */
size_t plain_edit_request(const struct dialect_request *in, const struct dialect_target *to,
                          struct arena *a, struct dialect_edit edits[DIALECT_EDITS_MAX]);
/* As openai_scan_answer; an answer is what has a list of results. */
bool plain_scan_answer(struct str body, struct arena *a, struct dialect_answer *out);

#endif
