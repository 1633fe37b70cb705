/* What the files of OpenAI's Responses protocol share: the items of an answer and their JSON. */
#ifndef DOTEB_SIM_RESPONSES_H
#define DOTEB_SIM_RESPONSES_H

#include "tests/simulator/openai.h"

enum item_kind { ITEM_NONE, ITEM_REASONING, ITEM_MESSAGE, ITEM_FUNCTION, ITEM_CUSTOM };

/* The kind of the answer's `index`-th output item; `*call` becomes the number of the call. */
enum item_kind responses_item(const struct reply *r, uint32_t index, uint32_t *call);
/* Is the reasoning's text told? */
bool responses_summary(const struct chat_request *c, const struct script *s);
/* An item's id. */
void responses_item_id(struct buf *b, const struct reply *r, enum item_kind kind, uint32_t call);
/* The item's JSON: as it is added (empty, in progress), or whole. */
void responses_item_json(struct buf *b, const struct reply *r, const struct chat_request *c,
                         const struct script *s, enum item_kind kind, uint32_t call, bool whole);
/* A content part of a message, empty or whole. */
void responses_part(struct buf *b, const struct reply *r, const struct script *s, bool whole);
void responses_annotation(struct buf *b);
/* completed, incomplete or failed. */
const char *responses_status(const struct reply *r);
/* The members that only repeat the request; the same in all of a stream's events. */
void responses_echo(struct buf *b, const struct chat_request *c);
/* The response object: as it begins (no output yet), or whole. */
void responses_object(struct buf *b, const struct reply *r, const struct chat_request *c,
                      const struct script *s, struct str echo, bool whole);

MUST_USE bool responses_parse(struct chat_request *c, const struct site *site, struct str body,
                              struct api_error *e);
void responses_next(struct stream *s, const struct reply *r, const struct chat_request *c,
                    const struct script *script, struct buf *out);
void responses_break_off(struct stream *s, const struct api_error *e, const struct chat_request *c,
                         const struct script *script, struct buf *out);

#endif
