/* What the files of the OpenAI Responses dialect share. */
#ifndef DOTEB_DIALECT_OPENAI_RESPONSES_PRIV_H
#define DOTEB_DIALECT_OPENAI_RESPONSES_PRIV_H

#include "gateway/dialect/dialect.h"
#include "gateway/dialect/read.h"
#include "gateway/wire/json_write.h"

extern const struct ir_words responses_words;
extern const struct dialect openai_responses;

enum { RESPONSES_REQUEST_MAGIC = 0x72657371 };

/* A request as it was read, with the values that its answer repeats. Stands behind
 * dialect_request.chat. All raw JSON, borrowed from the body; .p NULL: not given. */
struct responses_request {
    struct ir_chat chat; /* first */
    uint32_t magic;
    struct str instructions, tools, tool_choice, text, reasoning, truncation, max_tool_calls;
    struct str prompt, conversation, previous, safety_identifier, user;
    bool wants_encrypted;        /* include has reasoning.encrypted_content */
    struct str allowed;          /* tool_choice's list of allowed tools */
    struct dialect_span include; /* of its value; 0,0: not given */
    bool include_list;           /* it is an array, of so many elements */
    size_t n_include;
};

/* The request that a writer answers. */
const struct responses_request *responses_request_of(const struct dialect_writing *w);

/* ---- the client's request (openai_responses_request.c) */
enum err responses_scan_request(struct str body, const struct dialect_call *call, struct arena *a,
                                struct dialect_request *out, struct dialect_refusal *why);
enum err responses_parse_request(struct str body, const struct dialect_request *scan,
                                 struct arena *a, struct ir_chat *out, struct dialect_refusal *why);
size_t responses_edit_request(const struct dialect_request *in, const struct dialect_target *to,
                              struct arena *a, struct dialect_edit edits[DIALECT_EDITS_MAX]);
/* A lenient reader of a value that stands in a body whose syntax is known to be good. */
void responses_reader(struct reader *r, struct str raw, struct arena *a);

/* An item's members, whatever its type. Raw text; JSON where it says so. .p NULL: not given. */
struct responses_members {
    struct str type, role; /* decoded */
    struct str id, call_id, name, space, encrypted;
    struct str arguments, input, result;             /* JSON strings, quotes and all */
    struct str content, output, summary, tools, raw; /* JSON */
    uint32_t index;
};
struct responses_members responses_read_item(struct str raw, uint32_t index, struct arena *a);
/* The texts of summary or content (raw JSON), put together. */
struct str responses_reasoning_text(struct str list, struct arena *a);
/* `input` (openai_responses_input.c); false: refused. */
bool responses_read_input(struct reader *r, struct ir_chat *c, struct dialect_request *facts);
/* A message's content: a string or parts (openai_responses_content.c). */
struct responses_to {
    struct ir_message *message; /* parts go here, */
    struct ir_part *result;     /* or, if not NULL, are its children */
    struct arena *a;
    struct dialect_request *facts; /* NULL: nobody asks */
};
void responses_read_content(struct str raw, const struct responses_to *to);
/* Adds a part at the place `to` names. */
struct ir_part *responses_add(const struct responses_to *to, enum ir_kind kind);

/* `tools` and `tool_choice` (openai_responses_tools.c). */
bool responses_read_tools(struct reader *r, struct ir_chat *c);
/* Tools of a raw list that stands in the item `index` of `input`. */
void responses_add_tools(struct ir_chat *c, struct str list, uint32_t index, struct arena *a);
bool responses_read_choice(struct reader *r, struct responses_request *q);
/* Leaves only the tools that the choice allows. */
void responses_allow_tools(struct responses_request *q, struct arena *a);
/* The raw name "space__name". */
struct str responses_full_name(struct str space, struct str name, struct arena *a);

/* ---- what items are written of (openai_responses_item.c) */

/* An item of an answer while it comes, and when it is complete. */
struct responses_item {
    struct responses_item *next;
    enum ir_kind block;
    uint32_t index;                      /* of its block */
    uint32_t output_index;               /* of the item */
    bool open;                           /* output_item.added was said */
    bool part_open;                      /* content_part.added (or its like) was said */
    bool custom;                         /* a call of a custom tool */
    struct str id, call_id, name, space; /* raw */
    struct str encrypted;                /* raw, for encrypted_content */
    struct buf text; /* raw: text, refusal, summary, arguments, an image's base64 */
    struct buf annotations, logprobs; /* elements, joined by commas */
    uint32_t n_annotations;
    const char *status;
    struct str raw; /* OTHER: the item as it came */
};

/* Writes the whole item. */
void responses_write_item(struct json_write *w, const struct responses_item *it);
/* The parts of which events speak: {"type":"output_text",...}, with or without its text. */
void responses_write_part(struct json_write *w, const struct responses_item *it, bool with_text);
/* The input of a custom tool's call: the raw text of `input` in its arguments. */
struct str responses_custom_input(const struct responses_item *it, struct arena *a);

/* ---- the response object (openai_responses_object.c) */
enum responses_state { RESPONSES_IN_PROGRESS, RESPONSES_DONE, RESPONSES_FAILED };
struct responses_object {
    enum responses_state state;
    enum ir_finish finish;              /* DONE */
    const struct dialect_error *error;  /* FAILED */
    const struct responses_item *items; /* in the order of output_index */
    const struct usage *usage;          /* NULL: not known yet */
    struct str service_tier;
};
void responses_write_object(struct json_write *w, const struct dialect_writing *wr,
                            const struct responses_object *o);
/* "resp_" and 32 hexadecimal digits. */
enum { RESPONSES_ID_BYTES = 38 };
void responses_id(struct uuid id, char out[RESPONSES_ID_BYTES]);
bool responses_is_incomplete(enum ir_finish f);

/* ---- events (openai_responses_event.c). Nothing is written if `out` is NULL. */
struct responses_out {
    struct buf *out;
    const struct dialect_writing *w;
    uint32_t sequence;
    struct json_write json;
};
void responses_say_response(struct responses_out *x, const char *type,
                            const struct responses_object *o);
/* output_item.added and .done */
void responses_say_item(struct responses_out *x, const char *type, const struct responses_item *it);
/* content_part.added and .done, reasoning_summary_part.added and .done */
void responses_say_part(struct responses_out *x, const struct responses_item *it, bool done);
/* A piece of the item's text. `logprobs`: raw array, .p NULL none. */
void responses_say_delta(struct responses_out *x, const struct responses_item *it, struct str piece,
                         struct str logprobs);
/* The whole text of an item. */
void responses_say_text(struct responses_out *x, const struct responses_item *it);
void responses_say_annotation(struct responses_out *x, const struct responses_item *it,
                              uint32_t index, struct str annotation);
void responses_say_image(struct responses_out *x, const struct responses_item *it);
void responses_say_error(struct responses_out *x, const struct dialect_error *e,
                         struct uuid request_id);

/* ---- the client's answer (openai_responses_stream.c) */
enum { RESPONSES_WRITER_BYTES = 1024 };
bool responses_write_stream(void *state, const struct dialect_writing *w,
                            const struct ir_events *ev, struct buf *out);
bool responses_write_answer(const struct dialect_writing *w, const struct ir_events *ev,
                            struct buf *out);
bool responses_write_error_event(void *state, const struct dialect_error *e, struct uuid request_id,
                                 struct buf *out);

/* ---- the provider's side */
enum err responses_emit_request(const struct ir_chat *c, const struct dialect_target *to,
                                struct arena *a, struct buf *out, struct dialect_loss *loss);
/* Where loose events go. */
struct responses_in {
    struct ir_events *out;
    struct arena *a;
    struct str id_seed;
};
/* What a response object said besides its output. */
struct responses_said {
    struct str id, output;                          /* raw */
    struct str model, status, reason, service_tier; /* decoded */
    int64_t created_s;
    struct usage usage;
    struct dialect_answer error; /* only what openai_scan_error fills */
};
/* The object whose `{` was the last token. */
void responses_read_object(struct reader *r, struct responses_said *said);
void responses_start(const struct responses_said *said, const struct responses_in *in);
void responses_stop(const struct responses_said *said, bool calls, int64_t searches,
                    const struct responses_in *in);
void responses_say_failed(const struct dialect_answer *error, const struct responses_in *in);
enum ir_finish responses_finish(struct str status, struct str reason, bool calls);
/* All that a complete item holds. */
void responses_item_events(const struct responses_members *it, const struct responses_in *in);
/* Its parts, for streams: a call without arguments, the arguments, encrypted reasoning. */
struct ir_event *responses_call(const struct responses_members *it, const struct responses_in *in);
/* A string token without its quotes; "" for any other value. */
struct str responses_unquoted(struct str string);
struct ir_json responses_arguments(const struct responses_members *it, struct arena *a);
void responses_seal(const struct responses_members *it, const struct responses_in *in);
/* `logprobs` as providers send it: the array if tokens are in it, else .p NULL. */
struct str responses_tokens(struct str raw);
void responses_read_annotation(struct str raw, const struct responses_in *in);
bool responses_read_answer(struct str body, struct str id_seed, struct arena *a,
                           struct ir_events *out);
enum { RESPONSES_READER_BYTES = 128 };
bool responses_read_event(void *state, const struct frame *f, struct str id_seed,
                          struct arena *keep, struct arena *a, struct ir_events *out);

/* ---- the passed way (openai_responses_scan.c) */
bool responses_scan_answer(struct str body, struct arena *a, struct dialect_answer *out);
bool responses_scan_event(const struct frame *f, struct arena *a, struct dialect_answer *out);

/* Does a stream end with an event of that type? */
bool responses_is_last(struct str type);

/* Item types of the API; is `type` one of them? */
bool responses_is_item(struct str type);

#endif
