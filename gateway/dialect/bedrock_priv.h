/* What the files of Amazon Bedrock's Converse dialect share. Shapes and words are those of the
 * service model `bedrock-runtime` 2023-09-30. Private to gateway/dialect.
 */
#ifndef DOTEB_DIALECT_BEDROCK_PRIV_H
#define DOTEB_DIALECT_BEDROCK_PRIV_H

#include "gateway/dialect/dialect.h"
#include "gateway/dialect/read.h"
#include "gateway/wire/json_write.h"

extern const struct dialect bedrock_embed;
extern const struct dialect bedrock_converse;
extern const struct ir_words bedrock_words;

/* ---- words (bedrock_words.c) */

/* FINISH_STOP for a word that is none of the model's. */
enum ir_finish bedrock_finish(struct str stop_reason);
/* `word` itself if it stands for that finish. */
struct str bedrock_stop_reason(enum ir_finish finish, struct str word);
/* HTTP status that an exception stands for, 0 unknown. Either case of the first letter. */
int bedrock_exception_status(struct str name);
/* "ValidationException" for an HTTP status. */
const char *bedrock_exception_of(int status);
/* The media type of a format ("png" of IR_IMAGE: "image/png"), "" unknown. */
struct str bedrock_media_type(enum ir_kind kind, struct str format);
/* The format of a medium, by its type, its name or its first bytes; .p NULL: Bedrock has none. */
struct str bedrock_media_format(enum ir_kind kind, const struct ir_media *m);
/* Is it a member of ContentBlock, to be written as it came? */
bool bedrock_is_block(struct str name);

/* Families of models that want different things beside the common form. */
enum bedrock_family {
    BEDROCK_OTHER,
    BEDROCK_CLAUDE,
    BEDROCK_NOVA,
    BEDROCK_EFFORT, /* takes reasoning_effort */
};
enum bedrock_family bedrock_family(struct str model);

/* ---- requests, and messages of answers (bedrock_blocks.c, bedrock_request.c) */

struct bedrock_blocks {
    struct reader *r;
    struct ir_chat *c;         /* NULL in answers */
    struct ir_message *m;      /* what the blocks are added to, */
    struct ir_part **children; /* or where to link the next child of a tool's result */
    struct ir_part *last;      /* the last part added: a cache point is its marker */
    const char *field;         /* for refusals */
    uint32_t index;            /* of the block in hand */
    uint32_t n_parts;          /* so far, those inside results included */
};
/* Reads an array of content blocks. */
void bedrock_read_blocks(struct bedrock_blocks *b);
/* Takes a second member of a union: refuses it, or (answers) passes over it. */
void bedrock_one_member(struct reader *r, const char *field);
/* A cache point's object. */
enum ir_cache bedrock_read_cache_point(struct reader *r);
/* [{"text":...},...] joined; .p NULL: none. */
struct str bedrock_read_texts(struct reader *r, const char *field);
/* toolConfig's object (bedrock_tools.c). */
void bedrock_read_tools(struct reader *r, struct ir_chat *c);
/* Notes a field that no dialect shares, with its value; `before` goes before its name. */
void bedrock_keep_unknown(struct reader *r, struct ir_chat *c, struct str key, const char *before);
#define BEDROCK_ADDITIONAL "additionalModelRequestFields."
/* additionalModelRequestFields and outputConfig's effort (bedrock_reasoning.c). */
void bedrock_read_additional(struct reader *r, struct ir_chat *c);
void bedrock_read_effort(struct reader *r, struct ir_chat *c, const char *field);

enum err bedrock_scan_request(struct str body, const struct dialect_call *call, struct arena *a,
                              struct dialect_request *out, struct dialect_refusal *why);
enum err bedrock_parse_request(struct str body, const struct dialect_request *scan, struct arena *a,
                               struct ir_chat *out, struct dialect_refusal *why);
size_t bedrock_edit_request(const struct dialect_request *in, const struct dialect_target *to,
                            struct arena *a, struct dialect_edit edits[DIALECT_EDITS_MAX]);

/* ---- writing requests (bedrock_emit*.c, bedrock_tools.c, bedrock_reasoning.c) */

struct bedrock_emit {
    const struct ir_chat *c;
    const struct dialect_target *to;
    struct arena *a;
    const struct ir_part *final; /* the text whose end must not be blank */
    struct json_write w;
    struct dialect_loss *loss;
    enum bedrock_family family;
    bool own;       /* the request came in this dialect: blocks that only it knows may stand */
    bool disabled;  /* thinking is switched off in so many words */
    bool think;     /* Claude's thinking is on */
    bool adaptive;  /* and the model decides how much */
    int64_t budget; /* its tokens, -1 none */
    enum ir_effort effort;
    int64_t max_output;
    struct map documents; /* names given so far */
    unsigned n_documents;
    enum err err;
};

enum err bedrock_emit_request(const struct ir_chat *c, const struct dialect_target *to,
                              struct arena *a, struct buf *out, struct dialect_loss *loss);
/* `messages` and `system`, values and keys. False: e->err is set. */
bool bedrock_emit_messages(struct bedrock_emit *e);
bool bedrock_emit_system(struct bedrock_emit *e);
bool bedrock_emit_tools(struct bedrock_emit *e);
/* Decides on thinking, budget and effort. */
void bedrock_plan_reasoning(struct bedrock_emit *e);
/* additionalModelRequestFields, if there is anything. */
void bedrock_emit_additional(struct bedrock_emit *e);
/* Fields that only this dialect's clients know: those whose names begin with `before`, which is
 * left out; "": those of the body itself. */
bool bedrock_has_unknown(const struct bedrock_emit *e, struct str before);
void bedrock_emit_unknown(struct bedrock_emit *e, struct str before);
/* Does a part go into the request at all? Notes reasoning that is lost. */
bool bedrock_emits(struct bedrock_emit *e, const struct ir_part *p);
/* Has the history calls or results? */
bool bedrock_has_tool_blocks(const struct ir_chat *c);
/* An image, document, video or audio block, key and value. */
bool bedrock_emit_media(struct bedrock_emit *e, const struct ir_message *m,
                        const struct ir_part *p);
void bedrock_emit_cache_point(struct bedrock_emit *e, enum ir_cache cache);
/* A call's id in Bedrock's letters: the same for the same. Arena. */
struct str bedrock_tool_id(struct str raw, struct arena *a);
/* Refuses what the part at this place needs. Returns false. */
PRINTF_LIKE(4, 5)
bool bedrock_cannot(struct bedrock_emit *e, const struct ir_message *m, const struct ir_part *p,
                    const char *fmt, ...);

/* ---- JSON in and out of strings (bedrock_json.c) */

/* The value itself: a quoted one decoded. Arena; STR_NULL if it is no well-formed JSON. Nothing but
 * blanks is "{}". */
struct str bedrock_json_value(const struct ir_json *json, struct arena *a);

/* Claude's signatures hold wherever Claude is; other models' only here. */
enum ir_origin bedrock_signer(struct str model);

/* ---- answers (bedrock_answer.c, bedrock_stream.c) */

struct bedrock_stream {
    uint64_t server_blocks; /* bit per index below 64: a call that Bedrock itself runs */
    struct str image_type;  /* of the image that comes; static */
};

bool bedrock_read_answer(struct str body, struct str id_seed, struct arena *a,
                         struct ir_events *out);
bool bedrock_scan_answer(struct str body, struct arena *a, struct dialect_answer *out);
bool bedrock_read_event(void *state, const struct frame *f, struct str id_seed, struct arena *keep,
                        struct arena *a, struct ir_events *out);
bool bedrock_scan_event(const struct frame *f, struct arena *a, struct dialect_answer *out);
/* Members that whole answers and streams share: usage, serviceTier, stopReason, ... False: the key
 * is none of them and its value is still there. */
bool bedrock_read_shared(struct reader *r, struct str key, struct ir_events *out);
/* A citation's object as an event. */
void bedrock_read_citation(struct reader *r, struct ir_event *e);

/* ---- writing answers (bedrock_write.c, bedrock_write_stream.c, bedrock_error.c) */

bool bedrock_write_answer(const struct dialect_writing *w, const struct ir_events *ev,
                          struct buf *out);
struct bedrock_writer {
    uint32_t skipped;  /* blocks that no client gets: those behind them count from there */
    uint64_t input[4]; /* bit per block below 256: a call that has got input */
};
bool bedrock_write_stream(void *state, const struct dialect_writing *w, const struct ir_events *ev,
                          struct buf *out);
bool bedrock_splice_answer(struct str body, const struct dialect_answer *an,
                           const struct dialect_extra *extra, struct buf *out);
bool bedrock_write_event(const struct dialect_answer *an, const struct frame *f,
                         const struct dialect_extra *extra, struct buf *out);
bool bedrock_write_error(const struct dialect_error *e, struct uuid request_id, struct buf *out);
bool bedrock_write_error_event(void *state, const struct dialect_error *e, struct uuid request_id,
                               struct buf *out);
const char *bedrock_error_type(const struct dialect_error *e);
/* The members `usage` and `metrics`. */
void bedrock_write_usage(struct json_write *w, const struct usage *u);
/* The member `serviceTier`, if there is a tier. */
void bedrock_write_tier(struct json_write *w, struct str tier);
/* The service model's word for a tier of any provider's; .p NULL: it has none. */
struct str bedrock_tier(struct str word);
/* A citation's object. */
void bedrock_write_citation(struct json_write *w, const struct ir_citation *c);
/* A signature's text, wrapped if it is another's. */
void bedrock_write_signature(struct json_write *w, const struct ir_signature *s);
void bedrock_write_tool_id(struct json_write *w, const struct ir_event *e);
/* Is it base64 as blobs are? */
bool bedrock_is_blob(struct str raw);

#endif
