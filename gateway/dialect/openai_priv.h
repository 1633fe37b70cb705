/* What the files of the OpenAI chat dialect share. */
#ifndef DOTEB_DIALECT_OPENAI_PRIV_H
#define DOTEB_DIALECT_OPENAI_PRIV_H

#include "gateway/dialect/dialect.h"
#include "gateway/wire/json_scan.h"

extern const struct dialect openai_chat, openai_completions;
extern const struct dialect_header openai_headers[];

enum err openai_scan_request(struct str body, const struct dialect_call *call, struct arena *a,
                             struct dialect_request *out, struct dialect_refusal *why);
/* ---- the translated way */

extern const struct ir_words openai_words;
enum err openai_parse_request(struct str body, const struct dialect_request *scan, struct arena *a,
                              struct ir_chat *out, struct dialect_refusal *why);
enum err openai_emit_request(const struct ir_chat *c, const struct dialect_target *to,
                             struct arena *a, struct buf *out, struct dialect_loss *loss);
/* What a raw reasoning_details[].format stands for, and its word (NULL: it has none). */
/* What a custom tool's input is, from its raw `format` (.p NULL none) in either form. */
void openai_read_custom(struct str format, struct arena *a, struct ir_tool *t);
enum ir_origin openai_origin_of(struct str format);
const char *openai_format_word(enum ir_origin origin);
bool openai_read_answer(struct str body, struct str id_seed, struct arena *a,
                        struct ir_events *out);
enum { OPENAI_READER_BYTES = 32 }; /* openai_read.c asserts it */
bool openai_read_event(void *state, const struct frame *f, struct str id_seed, struct arena *keep,
                       struct arena *a, struct ir_events *out);
enum { OPENAI_WRITER_BYTES = 32 }; /* openai_write_stream.c asserts it */
bool openai_write_stream(void *state, const struct dialect_writing *w, const struct ir_events *ev,
                         struct buf *out);
bool openai_write_answer(const struct dialect_writing *w, const struct ir_events *ev,
                         struct buf *out);
/* A usage object with every detail that is known. */
void openai_add_usage(const struct usage *u, const struct cost *cost, struct buf *out);
/* What a finish_reason stands for; an unknown word still means that the model has ended. */
enum ir_finish openai_finish_of(struct str word);
/* A raw data URL is taken apart; all else is a URL. */
void openai_take_url(struct arena *a, struct str url, struct ir_media *m);

size_t openai_edit_request(const struct dialect_request *in, const struct dialect_target *to,
                           struct arena *a, struct dialect_edit edits[DIALECT_EDITS_MAX]);
bool openai_scan_answer(struct str body, struct arena *a, struct dialect_answer *out);
bool openai_scan_event(const struct frame *f, struct arena *a, struct dialect_answer *out);

/* Where in a usage object something may be spliced. */
struct openai_usage_spans {
    struct dialect_span cost, cost_details;
    size_t end; /* offset of the closing brace */
    bool empty;
};
/* Reads a usage object whose `{` is the last token; false on a syntax error. */
bool openai_scan_usage(struct json_scan *s, struct usage *out, struct openai_usage_spans *spans);

/* Reads the value of `error` whose first token is `t`; false on a syntax error. */
bool openai_scan_error(struct json_scan *s, enum json_token t, struct arena *a,
                       struct dialect_answer *out);
/* The HTTP status that an error code or type stands for, 0 if none is known. */
int openai_error_status(struct str word);
/* An error's text as it is kept: decoded, cut to a sensible length. Arena. */
struct str openai_error_text(struct json_scan *s, struct arena *a);

bool openai_splice_answer(struct str body, const struct dialect_answer *an,
                          const struct dialect_extra *extra, struct buf *out);
bool openai_write_event(const struct dialect_answer *an, const struct frame *f,
                        const struct dialect_extra *extra, struct buf *out);
bool openai_write_usage_event(struct str like, const struct usage *u,
                              const struct dialect_extra *extra, struct buf *out);
bool openai_write_error_event(void *state, const struct dialect_error *e, struct uuid request_id,
                              struct buf *out);
bool openai_write_done(struct buf *out);
bool openai_write_error(const struct dialect_error *e, struct uuid request_id, struct buf *out);

/* The last string token decoded: borrowed from the text where nothing is escaped, else arena. */
struct str openai_decoded(const struct json_scan *s, struct arena *a);

#endif
