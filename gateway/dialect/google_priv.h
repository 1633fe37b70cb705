/* What the files of Google's dialect share (generateContent of AI Studio and Vertex). */
#ifndef DOTEB_DIALECT_GOOGLE_PRIV_H
#define DOTEB_DIALECT_GOOGLE_PRIV_H

#include "gateway/dialect/dialect.h"
#include "gateway/dialect/read.h"
#include "gateway/wire/json_write.h"

extern const struct dialect google;
extern const struct ir_words google_words;

/* Google documents this word for calls that its models have not made themselves. */
#define GOOGLE_NO_SIGNATURE "skip_thought_signature_validator"

/* ---- reading (google_read.c): all spellings that Google's JSON reader takes */

/* rd_key, snake_case brought to camelCase. */
bool google_key(struct reader *r, struct str *key);
/* A list; one object may stand for a list of one. */
struct google_list {
    bool single, taken;
};
bool google_list(struct reader *r, const char *field, struct google_list *l);
bool google_next(struct reader *r, struct google_list *l);
/* Enters the object in hand. False: it was something else. */
bool google_enter(struct reader *r, const char *field, size_t *begin);
/* After the last key of an object that began at `begin`: it as it stands. */
struct str google_leave(const struct reader *r, size_t begin);

struct google_blob {
    struct google_blob *next;
    bool is_file; /* data is an address */
    struct str mime, data, name;
};

enum google_what {
    GOOGLE_NOTHING,
    GOOGLE_TEXT,
    GOOGLE_BLOB,
    GOOGLE_CALL,
    GOOGLE_RESPONSE,
    GOOGLE_OTHER,
};

/* A part of contents, in requests and answers. Texts raw. */
struct google_part {
    enum google_what what;
    bool thought;
    struct str text;
    struct str signature; /* .p NULL none */
    struct dialect_span signature_at, id_at;
    struct google_blob blob;
    struct str id, name;       /* CALL, RESPONSE */
    struct str partial;        /* CALL: partialArgs, raw; .p NULL none */
    bool goes_on;              /* CALL: willContinue */
    struct str json;           /* CALL: args; RESPONSE: response; .p NULL none */
    struct google_blob *blobs; /* RESPONSE */
    struct str other;          /* OTHER: the key */
    struct str raw;
};
/* Takes one value; false if it was no object. */
bool google_read_part(struct reader *r, struct google_part *out);
/* The kind of content that a media type stands for. */
enum ir_kind google_media_kind(struct str mime);
void google_media(const struct google_blob *b, struct arena *a, struct ir_media *out);

/* ---- requests */

enum { GOOGLE_PARAMS_MAX_BYTES = 1024, GOOGLE_PARAM_MAX_BYTES = 48 };

/* A call in the conversation, until it is answered. */
struct google_call {
    struct google_call *next_of_id, *next_of_name;
    struct str id, name;
    bool answered;
};
/* Calls of one id or of one name, oldest first; answered ones leave it when they are met. */
struct google_calls {
    struct google_call *first, *last;
};

struct google_parse {
    struct reader r;
    struct ir_chat *c;
    struct dialect_request *out;
    bool counting; /* only the prompt's tokens are asked for */
    /* contents */
    bool got_contents;
    struct ir_message *turn; /* the model's turn in hand: what follows may belong to it */
    struct ir_part *run;     /* its last part, if more text may be added to it */
    size_t run_cap;          /* bytes that the run's text has room for; 0: borrowed */
    unsigned n_made_ids;
    struct map calls_of_id, calls_of_name; /* struct google_calls */
    /* wrapped words in the body, and what stands there instead */
    struct dialect_edit *edits;
    size_t n_edits, cap_edits;
    /* tools */
    struct ir_name *allowed, **allowed_tail;
    size_t n_allowed;
    /* generationConfig */
    struct str mime;
    struct buf params;
};

void google_parse_contents(struct google_parse *p);
void google_parse_system(struct google_parse *p);
void google_parse_tools(struct google_parse *p);
void google_parse_tool_config(struct google_parse *p);
void google_parse_config(struct google_parse *p);
/* What is known only once everything is read. */
void google_settle_tools(struct google_parse *p);
void google_settle_config(struct google_parse *p);
/* The span of the body becomes `with` (arena) when the body is sent on. */
void google_parse_edit(struct google_parse *p, struct dialect_span at, struct str with);

/* A schema in Google's words as JSON Schema. */
struct str google_schema(struct str raw, struct arena *a);

enum err google_scan_request(struct str body, const struct dialect_call *call, struct arena *a,
                             struct dialect_request *out, struct dialect_refusal *why);
enum err google_parse_request(struct str body, const struct dialect_request *scan, struct arena *a,
                              struct ir_chat *out, struct dialect_refusal *why);
size_t google_edit_request(const struct dialect_request *in, const struct dialect_target *to,
                           struct arena *a, struct dialect_edit edits[DIALECT_EDITS_MAX]);

struct google_emit {
    const struct ir_chat *c;
    const struct dialect_target *to;
    struct arena *a;
    struct dialect_loss *loss;
    struct json_write w;
    enum err err;
};

enum err google_emit_request(const struct ir_chat *c, const struct dialect_target *to,
                             struct arena *a, struct buf *out, struct dialect_loss *loss);
void google_emit_contents(struct google_emit *e);
void google_emit_system(struct google_emit *e);
void google_emit_config(struct google_emit *e);
void google_emit_tools(struct google_emit *e);
void google_emit_media(struct google_emit *e, const struct ir_message *m, const struct ir_part *p,
                       struct str path);
/* Results of calls, in the order of the calls. */
void google_emit_result(struct google_emit *e, const struct ir_message *m, const struct ir_part *p);

/* ---- answers */

/* Which bytes of a text begin no character, so that places can be told in bytes and characters. */
struct google_places {
    unsigned char *bits;
    size_t *before; /* characters that begin before each run of bytes */
    size_t bytes, cap, chars;
};
void google_places_add(struct google_places *p, struct arena *keep, struct str raw);
/* -1 beyond the text. */
int64_t google_places_chars(const struct google_places *p, int64_t byte);
int64_t google_places_byte(const struct google_places *p, int64_t character);

enum { GOOGLE_CHOICES_MAX = 16 };

/* The text of a choice so far, as the flow will cut it into blocks. */
struct google_text {
    struct google_places places;
    size_t block_byte; /* where the last block of text begins */
    bool open;         /* the last thing was text */
};

/* A call whose arguments come in pieces (google_partial.c). */
struct google_partial {
    bool open;
    struct str id, name, signature; /* raw; .p NULL not given */
    struct str args;                /* given whole after all; .p NULL: they are in `root` */
    struct google_node *root;
    uint32_t n_nodes;
};

/* What must be known from one event to the next. */
struct google_state {
    bool started;
    struct google_partial partial;
    size_t kept; /* bytes of pieces of calls so far */
    uint32_t n_calls;
    uint32_t called; /* bit per choice that made a call */
    struct google_text text[GOOGLE_CHOICES_MAX];
};

/* One answer or event being read. `an` may be NULL: spans for splicing. */
struct google_answer {
    struct reader r;
    struct arena *keep;
    struct ir_events *ev;
    struct google_state *state;
    struct dialect_answer *an;
    struct str id_seed;
    struct google_grounding *grounding; /* google_grounding.c's; NULL: not needed yet */
};

bool google_read_answer(struct str body, struct str id_seed, struct arena *a,
                        struct ir_events *out);
bool google_read_event(void *state, const struct frame *f, struct str id_seed, struct arena *keep,
                       struct arena *a, struct ir_events *out);
bool google_scan_answer(struct str body, struct arena *a, struct dialect_answer *out);
bool google_scan_event(const struct frame *f, struct arena *a, struct dialect_answer *out);
/* A call that is complete. */
void google_add_call(struct google_answer *g, const struct google_part *part);
/* Takes a call that comes in pieces, or a piece of it. False: it makes no sense. */
bool google_partial_take(struct google_answer *g, const struct google_part *part);
/* Whatever is open is complete. */
void google_partial_end(struct google_answer *g);
/* The value of `candidates`. */
void google_read_candidates(struct google_answer *g);
/* Members of a candidate as they stand (.p NULL: none): events of choice 0, which the caller puts
 * right. */
void google_read_grounding(struct google_answer *g, struct str raw, const struct google_text *text);
void google_read_citations(struct google_answer *g, struct str raw, const struct google_text *text);
void google_read_logprobs(struct google_answer *g, struct str raw);
/* The value of usageMetadata. */
void google_read_usage(struct google_answer *g);
/* The value of `error`. */
void google_read_error(struct google_answer *g);
/* FINISH_NONE for words that say nothing. */
enum ir_finish google_finish(struct str word);
/* Google's word; the provider's own if it is one of Google's. */
struct str google_finish_word(enum ir_finish f, struct str own);

bool google_splice_answer(struct str body, const struct dialect_answer *an,
                          const struct dialect_extra *extra, struct buf *out);
bool google_write_event(const struct dialect_answer *an, const struct frame *f,
                        const struct dialect_extra *extra, struct buf *out);
/* "cost":…,"cost_details":{…} as two members. */
void google_write_cost(struct json_write *w, const struct cost *cost);

/* ---- writing for clients */

struct google_writer_call {
    struct google_writer_call *next;
    uint32_t choice, index;
    bool quoted;
    struct str id, name, args; /* args: raw as in ir_json; grows in the arena */
    size_t args_cap;
    struct ir_signature signature;
};

struct google_writer_cite {
    struct google_writer_cite *next;
    struct str url, title, text;
    int64_t start, end; /* bytes, -1 unknown */
    uint32_t source;    /* its place among the sources, each of which is named once */
    bool first;         /* the first citation of its source */
};

struct google_writer_choice {
    struct google_writer_choice *next;
    uint32_t number;
    enum ir_finish finish;
    struct str finish_word;
    struct google_places places; /* of its text so far */
    size_t block_byte;           /* where the open block's text begins */
    struct google_writer_cite *cites, **cites_tail;
    uint32_t n_sources, n_cites;
    struct ir_name *logprobs, **logprobs_tail; /* whole answers: arrays of tokens */
};

/* Lives as long as the answer; zeroed at first. */
struct google_writer {
    bool array, begun; /* a JSON array instead of SSE; something was written */
    bool whole;        /* no stream: tokens' probabilities are written at the end */
    struct str id;
    struct google_writer_call *calls;
    struct google_writer_choice *choices;
};

bool google_write_stream(void *state, const struct dialect_writing *w, const struct ir_events *ev,
                         struct buf *out);
bool google_write_answer(const struct dialect_writing *w, const struct ir_events *ev,
                         struct buf *out);
bool google_write_error(const struct dialect_error *e, struct uuid request_id, struct buf *out);
bool google_write_error_event(void *state, const struct dialect_error *e, struct uuid request_id,
                              struct buf *out);

/* What both ways of writing share (google_write_parts.c). */

struct google_writer_choice *google_choice(struct google_writer *s, struct arena *keep,
                                           uint32_t number);
/* Keeps what an event says for later: ids, calls, citations, finishes. */
void google_note(struct google_writer *s, const struct dialect_writing *w,
                 const struct ir_event *e);
/* One part, as an object: of a call that is complete, of a picture or sound, of Google's own kinds.
 * False: nothing was written. */
bool google_write_part(struct google_writer *s, struct json_write *w, const struct ir_event *e);
/* The member thoughtSignature, if there is a signature. */
void google_write_signature(struct json_write *w, const struct ir_signature *s, bool redacted);
/* Members of a candidate that stand behind its content. */
void google_write_end_of_choice(struct json_write *w, const struct google_writer_choice *c);
void google_write_logprobs(struct json_write *w, const struct ir_name *arrays, struct arena *a);
/* Members of the response behind its candidates; `u` NULL: no usage. */
void google_write_tail(struct google_writer *s, const struct dialect_writing *dw,
                       struct json_write *w, const struct usage *u);

#endif
