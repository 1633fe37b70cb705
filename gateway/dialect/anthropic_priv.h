/* What the files of the Anthropic dialect share (the Messages API: anthropic-sdk
 * types/message*.py). */
#ifndef DOTEB_DIALECT_ANTHROPIC_PRIV_H
#define DOTEB_DIALECT_ANTHROPIC_PRIV_H

#include "gateway/dialect/dialect.h"
#include "gateway/dialect/read.h"
#include "gateway/wire/json_write.h"

extern const struct dialect anthropic;
extern const struct ir_words anthropic_words;

/* The version that Vertex wants in the body, where others have the model (Vertex's own guide to
 * Claude). */
#define ANTHROPIC_VERSION_MEMBER "\"anthropic_version\":\"vertex-2023-10-16\""

/* ---- blocks, in requests and answers (anthropic_block.c) */

enum anthropic_type {
    ANTHROPIC_OTHER,
    ANTHROPIC_TEXT,
    ANTHROPIC_IMAGE,
    ANTHROPIC_DOCUMENT,
    ANTHROPIC_THINKING,
    ANTHROPIC_REDACTED,
    ANTHROPIC_TOOL_USE,
    ANTHROPIC_TOOL_RESULT,
};

struct anthropic_source {
    struct str type, media_type, data, url, file_id, content; /* raw; .p NULL not given */
};

/* A block as it stood: every field that any kind of block has. Texts raw. */
struct anthropic_block {
    enum anthropic_type type;
    struct str word; /* its type as given, decoded */
    struct str text, thinking, signature, data, id, name, input, tool_use_id, title;
    struct str citations, content; /* raw JSON */
    struct anthropic_source source;
    enum ir_cache cache;
    bool is_error, wants_citations;
    struct str raw;
};

/* Takes one value; false if it was no object. */
bool anthropic_read_block(struct reader *r, struct anthropic_block *out);
/* A cache_control value. */
enum ir_cache anthropic_read_cache(struct reader *r);
/* A string, or the texts of text blocks, as parts of `m`; other blocks too. */
void anthropic_read_content(struct reader *r, struct ir_message *m, const char *field);

/* ---- requests */

struct anthropic_parse {
    struct reader r;
    struct ir_chat *c;
    struct dialect_request *out;
    bool got_messages, any_message, got_max_tokens;
    struct buf params;
};

void anthropic_parse_tools(struct anthropic_parse *p);
void anthropic_parse_choice(struct anthropic_parse *p);
void anthropic_parse_thinking(struct anthropic_parse *p);
void anthropic_parse_output(struct anthropic_parse *p);
void anthropic_parse_format(struct anthropic_parse *p);

enum err anthropic_scan_request(struct str body, const struct dialect_call *call, struct arena *a,
                                struct dialect_request *out, struct dialect_refusal *why);
enum err anthropic_parse_request(struct str body, const struct dialect_request *scan,
                                 struct arena *a, struct ir_chat *out, struct dialect_refusal *why);
size_t anthropic_edit_request(const struct dialect_request *in, const struct dialect_target *to,
                              struct arena *a, struct dialect_edit edits[DIALECT_EDITS_MAX]);

struct anthropic_emit {
    const struct ir_chat *c;
    const struct dialect_target *to;
    struct arena *a;
    struct dialect_loss *loss;
    struct json_write w;
    enum err err;
    bool thinks;
    const struct ir_part *final; /* the text whose end must not be blank */
    bool only_system;            /* system texts are all there is: they are the user's message */
    const struct ir_message *first_turn; /* system messages of its own dialect may stand behind */
};

enum err anthropic_emit_request(const struct ir_chat *c, const struct dialect_target *to,
                                struct arena *a, struct buf *out, struct dialect_loss *loss);
void anthropic_emit_messages(struct anthropic_emit *e);
void anthropic_emit_system(struct anthropic_emit *e);
void anthropic_emit_tools(struct anthropic_emit *e);
void anthropic_emit_cache(struct anthropic_emit *e, enum ir_cache cache);
/* Would Anthropic refuse the conversation with thinking on, since a turn that calls tools lacks its
 * thought? */
/* Does this Claude model decide itself how much it thinks, and take an effort? Models up to 4.5
 * take a budget of tokens instead. */
bool anthropic_decides_itself(struct str model);
bool anthropic_lacks_thought(const struct ir_chat *c);

/* ---- answers */

struct anthropic_reader {
    bool scanning;     /* nothing is held back */
    uint64_t other[4]; /* bit per block index that is no call, text or thought */
    /* A block that only its own dialect shows, until its input is complete; .p NULL none. Memory
     * that outlives the frame. */
    struct str held;
    char *room; /* where it lies; the next one takes its place */
    size_t room_cap;
    char *input; /* pieces of its input so far, raw */
    size_t input_len, input_cap;
};

bool anthropic_read_usage(struct reader *r, struct usage *u, struct str *service_tier);
bool anthropic_read_error(struct reader *r, struct ir_event *e);
void anthropic_block_events(const struct anthropic_block *b, uint32_t index, struct arena *a,
                            struct ir_events *out);
enum ir_finish anthropic_finish(struct str word);
bool anthropic_read_answer(struct str body, struct str id_seed, struct arena *a,
                           struct ir_events *out);
bool anthropic_read_event(void *state, const struct frame *f, struct str id_seed,
                          struct arena *keep, struct arena *a, struct ir_events *out);
bool anthropic_scan_answer(struct str body, struct arena *a, struct dialect_answer *out);
bool anthropic_scan_event(const struct frame *f, struct arena *a, struct dialect_answer *out);

struct anthropic_writer {
    uint32_t skipped;                /* blocks that this dialect cannot show */
    bool mute, is_signed, has_calls; /* of the block in hand; has_calls: of the answer */
    enum ir_finish finish;
    struct str stop_sequence;
};

const char *anthropic_stop_reason(enum ir_finish f);
void anthropic_write_usage(struct json_write *w, const struct usage *u, struct str service_tier);
void anthropic_write_id(struct json_write *w, const struct dialect_writing *dw);
/* The members of the object that was entered; `raw` is all of it (anthropic_citation.c). */
void anthropic_read_citation(struct reader *r, struct str raw, struct ir_citation *c);
/* Can it be shown? */
bool anthropic_cites(const struct ir_citation *c);
/* A citation as an object; false: it cannot be shown. */
bool anthropic_write_citation(struct json_write *w, const struct ir_citation *c);
/* A signature as a string value: own as it is, others wrapped. */
void anthropic_write_signature(struct json_write *w, const struct ir_signature *s);
bool anthropic_shows(const struct ir_event *e);
bool anthropic_write_stream(void *state, const struct dialect_writing *w,
                            const struct ir_events *ev, struct buf *out);
bool anthropic_write_answer(const struct dialect_writing *w, const struct ir_events *ev,
                            struct buf *out);
bool anthropic_write_error(const struct dialect_error *e, struct uuid request_id, struct buf *out);
bool anthropic_write_error_event(void *state, const struct dialect_error *e, struct uuid request_id,
                                 struct buf *out);
/* The terminator that a provider has left out. */
bool anthropic_write_done(struct buf *out);
bool anthropic_write_count(int64_t tokens, struct buf *out);

#endif
