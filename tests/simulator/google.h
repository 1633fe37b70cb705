/* What the files of Google's protocol share. */
#ifndef DOTEB_SIM_GOOGLE_H
#define DOTEB_SIM_GOOGLE_H

#include "tests/simulator/protocol.h"

extern const struct fault GOOGLE_FAULTS[];

/* INVALID_ARGUMENT and its kin, for a status. */
const char *google_status(unsigned status);
bool google_blocked(const struct reply *r);
/* The members finishReason to index of a candidate, and what goes with them at its end. */
void google_end(struct buf *b, const struct reply *r, const struct script *s);
/* The parts of an answer, without commas between. */
void google_text_open(struct buf *b, bool thought);
void google_call(struct buf *b, const struct reply *r, const struct chat_request *c, uint32_t call);
void google_image(struct buf *b);
/* `"thoughtSignature":"..."` over a name, or over text ("") */
void google_signature(struct buf *b, struct str over);
/* `,"usageMetadata":...` as the script shapes it, or nothing. `out`: tokens of completion so far.
 */
void google_usage(struct buf *b, const struct reply *r, const struct script *s, uint32_t out);
/* `,"modelVersion":...,"responseId":...}` */
void google_close(struct buf *b, const struct reply *r);
void google_blocked_answer(struct buf *b, const struct reply *r, const struct script *s);
void google_error(struct buf *b, const struct api_error *e, struct str request_id);

MUST_USE bool google_parse(struct chat_request *c, const struct site *site, struct str body,
                           struct api_error *e);
MUST_USE bool google_parse_count(struct chat_request *c, const struct site *site, struct str body,
                                 struct api_error *e);
/* For the other requests: the body as an object whose members' names are all among `known`. */
MUST_USE bool google_read(struct chat_request *c, const struct site *site, struct str body,
                          const char *const *known, struct api_error *e);
/* False: `o` has a member that is not among `known`; `where` is "" at the top. */
MUST_USE bool google_known(const json_t *o, const char *const *known, const char *where,
                           struct api_error *e);
void google_next(struct stream *s, const struct reply *r, const struct chat_request *c,
                 const struct script *script, struct buf *out);
void google_break_off(struct stream *s, const struct api_error *e, const struct chat_request *c,
                      const struct script *script, struct buf *out);
/* Parts of the protocol table that all Google's endpoints share. */
void google_head(const struct answer *a, struct buf *out);
void google_refuse_key(struct api_error *e, const struct site *site, struct str key);
void google_no_model(struct api_error *e, struct str model);

#endif
