/* What the files of AWS Bedrock's protocol share. */
#ifndef DOTEB_SIM_BEDROCK_H
#define DOTEB_SIM_BEDROCK_H

#include "tests/simulator/protocol.h"

extern const struct fault BEDROCK_FAULTS[];

const char *bedrock_stop_reason(enum script_finish finish);
/* `"usage":{...},"metrics":{...}` as the script shapes it. */
void bedrock_usage(struct buf *b, const struct reply *r, const struct script *s);
void bedrock_tool_id(struct buf *b, const struct reply *r, uint32_t call);
/* The inside of a citation object. */
void bedrock_citation(struct buf *b);
/* The exception's name for an error. */
const char *bedrock_exception(const struct api_error *e);

MUST_USE bool bedrock_parse(struct chat_request *c, const struct site *site, struct str body,
                            struct api_error *e);
/* The body as a JSON object, the model from the path. */
MUST_USE bool bedrock_read(struct chat_request *c, const struct site *site, struct str body,
                           struct api_error *e);
void bedrock_next(struct stream *s, const struct reply *r, const struct chat_request *c,
                  const struct script *script, struct buf *out);
void bedrock_break_off(struct stream *s, const struct api_error *e, const struct chat_request *c,
                       const struct script *script, struct buf *out);
void bedrock_error(struct buf *b, const struct api_error *e, struct str request_id);
void bedrock_head(const struct answer *a, struct buf *out);
void bedrock_refuse_key(struct api_error *e, const struct site *site, struct str key);
void bedrock_no_model(struct api_error *e, struct str model);

#endif
