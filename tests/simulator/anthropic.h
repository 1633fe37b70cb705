/* What the files of Anthropic's protocol share: the order of content blocks in an answer, and the
 * JSON of its parts.
 */
#ifndef DOTEB_SIM_ANTHROPIC_H
#define DOTEB_SIM_ANTHROPIC_H

#include "tests/simulator/protocol.h"

enum block_kind { BLOCK_NONE, BLOCK_THINKING, BLOCK_REDACTED, BLOCK_TEXT, BLOCK_TOOL };

/* The kind of the answer's `index`-th content block; BLOCK_NONE: there is none. Bedrock's answers
 * have the same order. `*call` becomes the number of the tool call. */
enum block_kind anthropic_block(const struct reply *r, const struct script *s, uint32_t index,
                                uint32_t *call);
/* Why the answer ended, as the API says it. */
const char *anthropic_stop_reason(enum script_finish finish);
/* Everything before `"content":[`, or of a stream's message_start. */
void anthropic_open(struct buf *b, const struct reply *r);
/* `"stop_reason":...,"stop_sequence":...` */
void anthropic_stop(struct buf *b, const struct reply *r, const struct chat_request *c);
/* `,"usage":{...}` as the script shapes it, or nothing. */
void anthropic_usage(struct buf *b, const struct reply *r, const struct script *s, uint32_t out,
                     bool start);
/* The text of a thinking block as shown, and the signature that fits it. */
struct str anthropic_thinking(const struct reply *r, const struct chat_request *c);
void anthropic_redacted(struct buf *b, const struct reply *r);
void anthropic_citation(struct buf *b);
void anthropic_tool_id(struct buf *b, const struct reply *r, uint32_t call);

MUST_USE bool anthropic_parse(struct chat_request *c, const struct site *site, struct str body,
                              struct api_error *e);
MUST_USE bool anthropic_parse_count(struct chat_request *c, const struct site *site,
                                    struct str body, struct api_error *e);
void anthropic_next(struct stream *s, const struct reply *r, const struct chat_request *c,
                    const struct script *script, struct buf *out);
void anthropic_break_off(struct stream *s, const struct api_error *e, const struct chat_request *c,
                         const struct script *script, struct buf *out);
void anthropic_error(struct buf *b, const struct api_error *e, struct str request_id);

#endif
