/* What the writers of whole chat answers and of chunks share. */
#ifndef DOTEB_DIALECT_OPENAI_WRITE_PIECES_H
#define DOTEB_DIALECT_OPENAI_WRITE_PIECES_H

#include "gateway/dialect/openai_priv.h"
#include "gateway/wire/json_write.h"

/* "stop", "length", ... */
const char *openai_finish_word(enum ir_finish f);
/* id, object, created, model, as members of the object in hand. `prefix` of ids: "chatcmpl-". */
void openai_put_head(struct json_write *w, const struct dialect_writing *x, const char *prefix,
                     const char *object);
/* The members `usage` and `metadata`, `service_tier` if it is known. */
void openai_put_tail(struct json_write *w, const struct dialect_writing *x,
                     const struct ir_event *usage);
/* Elements of lists. A call: `arguments` .p NULL begins one whose arguments follow. `n` is its
 * number in a stream, -1: none. */
void openai_put_call(struct json_write *w, const struct ir_event *open, int64_t n,
                     const struct buf *arguments, bool custom);
/* Elements of reasoning_details for what a thought's delta holds, `n` its number. */
void openai_put_details(struct json_write *w, const struct ir_event *e, uint32_t n);
/* The sealed state that a call or a text carries, for the call's client's id. */
void openai_put_state(struct json_write *w, const struct ir_signature *s, const struct str *id,
                      uint32_t n);
/* `begin`, `end`: characters of the answer's text that its block covers. */
void openai_put_annotation(struct json_write *w, const struct ir_event *e, int64_t begin,
                           int64_t end);
void openai_put_image(struct json_write *w, const struct ir_media *m, uint32_t n);
/* Members of an audio object. */
void openai_put_audio_id(struct json_write *w, const struct dialect_writing *x, struct str id);
/* Does a call go to a custom tool of the client's? */
bool openai_calls_custom(const struct dialect_writing *x, struct str name);
/* Characters of a raw text. */
int64_t openai_chars(struct str raw);

#endif
