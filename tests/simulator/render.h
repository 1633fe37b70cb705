/* The JSON that a reply becomes in OpenAI's chat API, and the bits of JSON that all protocols
 * share. Pure.
 */
#ifndef DOTEB_SIM_RENDER_H
#define DOTEB_SIM_RENDER_H

#include "common/buf.h"
#include "tests/simulator/chat.h"
#include "tests/simulator/reply.h"
#include "tests/simulator/script.h"

/* A PNG of one pixel, in base64. */
#define RENDER_PNG                                                                                 \
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNQaPgPAAJjAaB56d6tAAAAAElFTkSuQmCC"

/* Appends the inside of a JSON string: escaped, without the quotes. `s` is valid UTF-8. */
void render_escaped(struct buf *b, struct str s);
/* Its name and the number: `"n":7` with `name` = `"n":`. */
void render_member(struct buf *b, struct str name, uint32_t v);
/* A JSON string, or null without `z`. */
void render_string_or_null(struct buf *b, const char *z);
/* All pieces of the text, the oddities of bytes included: the inside of a string. */
void render_text(struct buf *b, const struct reply *r, const struct script *s);
/* `{"error":{...}}` */
void render_error(struct buf *b, const struct api_error *e);
/* The answer to a request that is not streamed. */
void render_completion(struct buf *b, const struct reply *r, const struct chat_request *c,
                       const struct script *s);

/* A stream's chunks: everything before `choices`, the same in all of them. */
void render_chunk_open(struct buf *b, const struct reply *r);
/* OpenAI chat's word for why an answer ended. */
const char *render_finish(enum script_finish finish);
/* One choice; `delta` is the object's inside. `finish` NULL: null. `piece` for logprobs, or NULL.
 */
void render_choice(struct buf *b, uint32_t index, struct str delta, const char *finish,
                   const struct chat_request *c, const struct str *piece);
/* The usage object as the script shapes it, with `out` completion tokens. */
void render_usage(struct buf *b, const struct reply *r, const struct script *s, uint32_t out);
/* The id of the `call`-th tool call of a choice. */
void render_call_id(struct buf *b, const struct reply *r, uint32_t choice, uint32_t call);
/* The inside of the content string for piece `index`, with the oddities asked for. */
void render_piece(struct buf *b, struct str piece, uint32_t index, const struct script *s);

#endif
