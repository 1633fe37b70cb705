/* How a family of APIs speaks: pure functions between bytes and what the gateway needs to know.
 *
 * A dialect never sees a socket, a clock or a provider's name. Output is written into capped
 * buffers. There are two ways from a client to a provider:
 *
 *   passed      both speak the same dialect: bytes go through untouched but for named spans
 *               (scan_request, edit_request; scan_answer, splice_answer; scan_event, write_event)
 *   translated  they differ: the client's dialect reads the request into the internal form
 *               (parse_request), the provider's writes it (emit_request); the provider's reads the
 *               answer into events (read_answer, read_event), the client's writes them
 *               (write_answer, write_stream)
 *
 * So a dialect is N functions and never knows another one: N + M.
 */
#ifndef DOTEB_DIALECT_DIALECT_H
#define DOTEB_DIALECT_DIALECT_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/str.h"
#include "common/uuid.h"
#include "gateway/dialect/models.h"
#include "gateway/ir/chat.h"
#include "gateway/ir/embed.h"
#include "gateway/ir/event.h"
#include "gateway/ir/price.h"
#include "gateway/ir/usage.h"
#include "gateway/wire/framing.h"

/* A run of bytes of a body: [begin, end); 0,0 where there is none. */
struct dialect_span {
    size_t begin, end;
};

/* Where in the request body something must change: [begin, end) is replaced by `with`. */
struct dialect_edit {
    size_t begin, end;
    struct str with;
};
enum { DIALECT_EDITS_MAX = 16 };

/* Parameters that some offers do not take: word, member of struct ir_chat. Left out if the meaning
 * stays without, else they make the offer unfit. */
#define PARAM_TABLE(P)                                                                             \
    P(TEMPERATURE, temperature)                                                                    \
    P(TOP_P, top_p)                                                                                \
    P(TOP_K, top_k)                                                                                \
    P(FREQUENCY_PENALTY, frequency_penalty)                                                        \
    P(PRESENCE_PENALTY, presence_penalty)                                                          \
    P(SEED, seed)                                                                                  \
    P(LOGIT_BIAS, logit_bias)                                                                      \
    P(LOGPROBS, logprobs)                                                                          \
    P(TOP_LOGPROBS, top_logprobs)

enum dialect_param {
#define PARAM(e, member) PARAM_BIT_##e,
    PARAM_TABLE(PARAM)
#undef PARAM
        PARAM_COUNT,
    PARAM_BIT_TOOLS = PARAM_COUNT,
    PARAM_BIT_FORMAT, /* response_format */
    PARAM_BIT_STOP,
};
#define PARAM_IS(set, e) ((set) >> PARAM_BIT_##e & 1u)

/* What the gateway learns from a request without taking it apart. Spans point into the body or the
 * arena; strings are decoded. */
struct dialect_request {
    struct str model;                 /* decoded */
    size_t model_begin, model_end;    /* span of its value, quotes included; 0,0: not in the body */
    struct dialect_span model_member; /* key and value; 0,0: unknown */
    bool stream;
    bool client_wants_usage; /* a stream shall tell its usage; true where the dialect always does */
    size_t stream_options_begin, stream_options_end; /* span of the value; 0,0: not given */
    bool stream_options_is_object;                   /* else null */
    bool stream_options_empty;                       /* an object without members */
    bool stream_options_has_usage_key;
    size_t include_usage_begin, include_usage_end; /* span of include_usage's value; 0,0: none */
    size_t object_end;                             /* offset of the closing brace */
    bool object_empty;   /* no member at all: an inserted one needs no comma */
    int64_t n;           /* choices, >= 1 */
    int64_t max_output;  /* max_completion_tokens or max_tokens, -1: not given */
    struct str end_user; /* `user` (or safety_identifier) */
    struct str service_tier;
    struct str metadata; /* raw JSON of `metadata` when it is an object */
    bool has_tools, has_images, has_audio, wants_json_schema, wants_reasoning;
    struct str params; /* small JSON object of scalar parameters, for the log; no content */
    struct dialect_span temperature; /* of its value; 0,0: not given */
    struct str temperature_raw;      /* its token */
    /* Responses: the answer before, which the gateway itself puts in its place; "" none. */
    struct str previous_response_id;
    struct dialect_span store; /* of its value; 0,0: not given */
    bool keeps;                /* the client may ask for the answer again */
    bool foreign; /* it carries another provider's wrapped state (dialect/signature.h) or must be
                     answered in a form that cannot be passed: translated even to its own dialect */
    struct str
        form; /* the body is a form (multipart/form-data) with this boundary; .p NULL: JSON */
    bool text_answer;     /* asked for as plain text: no JSON */
    uint32_t needs_price; /* bit per enum price_kind: an offer must have one of them; 0: any */
    /* What it is paid by, where the provider does not tell: characters to speak and pictures to
     * edit are counts, audio_ms and tokens are guesses; 0: none, or by the text's size. */
    struct usage asked;
    struct str quality, size;     /* of pictures; "" not given */
    size_t n_inputs;              /* results that the answer must have, 0: any number */
    const struct ir_embed *embed; /* a request for vectors, read; else NULL */
    const struct ir_chat *chat;   /* the whole request, if scanning has read it anyway; else NULL */
    /* Without `chat`: of these parameters (dialect/params.h) the values' spans, 0,0 not given.
     * Their names are the internal form's own. */
    struct dialect_span given[PARAM_COUNT];
    size_t n_stops;          /* without `chat`: stop sequences */
    const char *stream_type; /* Content-Type of its stream; NULL: the dialect's. Static */
};

/* What of a request does not stand in its body. */
struct dialect_call {
    struct str model; /* decoded, from the path; "" none */
    bool stream;      /* the path says so */
    bool counting;    /* only the prompt's tokens are asked for: what answers need may be missing */
    struct str query; /* raw, behind the `?`; "" none */
    struct str content_type; /* raw; "" none */
};

/* Why a request was refused: `field` in the caller's words ("messages[2].content"), `text` a
 * sentence. Arena memory. */
struct dialect_refusal {
    enum err err;
    struct str field;
    struct str text;
};

/* Peculiarities of a provider, as its row says (providers.quirks, a JSON object of these names with
 * true). C knows the words, never whose they are. */
#define QUIRK_TABLE(Q)                                                                             \
    Q(MAX_COMPLETION_TOKENS, "max_completion_tokens") /* takes that, not max_tokens */             \
    Q(DEVELOPER_ROLE, "developer_role")               /* knows the role `developer` */             \
    Q(REPLAY_REASONING, "replay_reasoning")   /* wants reasoning_content back in tool loops */     \
    Q(NO_STREAM_OPTIONS, "no_stream_options") /* refuses stream_options */                         \
    Q(VERSION_IN_BODY, "version_in_body")     /* anthropic_version in the body, no model there */  \
    Q(NO_URL_MEDIA, "no_url_media")           /* images and files only inline */                   \
    Q(SCHEMA_BY_TOOL, "schema_by_tool")       /* JSON schema only as a forced tool */              \
    Q(REGION_IN_MODEL, "region_in_model")     /* regions that are no place go before the model */  \
    Q(BATCH_EMBED, "batch_embed")             /* has `:batchEmbedContents` */                      \
    Q(COOL_REASONING, "cool_reasoning") /* a model that reasons takes no sampling parameters */    \
    Q(PREDICT_EMBED, "predict_embed")   /* has `:predict` for vectors */

enum dialect_quirk {
#define QUIRK(e, word) QUIRK_BIT_##e,
    QUIRK_TABLE(QUIRK)
#undef QUIRK
        QUIRK_COUNT
};
#define QUIRK_IS(set, e) ((set) >> QUIRK_BIT_##e & 1u)
/* The bit of a quirk's word, 0 if this build does not know it. */
uint32_t dialect_quirk_find(struct str word);

/* What the request is written for: an offer at a provider. */
struct dialect_target {
    struct str model; /* the provider's name for it, decoded */
    bool stream;
    uint32_t caps;                 /* enum offer_caps; 0: nothing is known */
    uint32_t efforts;              /* bit per enum ir_effort that it takes; 0: nothing is known */
    int64_t max_output;            /* tokens, -1 unknown */
    uint32_t quirks;               /* bit per enum dialect_quirk */
    int64_t max_temperature_milli; /* -1: no bound of its own */
    uint32_t lacks;                /* bit per enum dialect_param that it does not take */
    int64_t max_stops;             /* stop sequences; 0: no bound that is known */
};

/* What an offer can do (offers.capabilities). */
enum offer_caps {
    CAP_STREAMING = 1 << 0,
    CAP_TOOLS = 1 << 1,
    CAP_VISION = 1 << 2,
    CAP_JSON_OUTPUT = 1 << 3,
    CAP_JSON_SCHEMA = 1 << 4,
    CAP_REASONING = 1 << 5,
    CAP_AUDIO = 1 << 6,
    CAP_WEB_SEARCH = 1 << 7,
    CAP_DOCUMENT = 1 << 8,
    CAP_RESPONSES = 1 << 9, /* takes the Responses API */
    CAP_VERBOSITY = 1 << 10,
    /* What is no chat: an offer with one of these serves that and nothing else. */
    CAP_EMBEDDINGS = 1 << 11,
    CAP_MODERATIONS = 1 << 12,
    CAP_IMAGES = 1 << 13,
    CAP_SPEECH = 1 << 14,
    CAP_TRANSCRIPTIONS = 1 << 15,
    CAP_RERANK = 1 << 16,
};
#define CAPS_OF_OPERATIONS                                                                         \
    (CAP_EMBEDDINGS | CAP_MODERATIONS | CAP_IMAGES | CAP_SPEECH | CAP_TRANSCRIPTIONS | CAP_RERANK)

/* What a translation could not say. Stripped: left out since the meaning stays, and named in the
 * answer's metadata. Refused: `why`. Memory from the arena. */
enum { STRIPPED_MAX = 48 };
struct dialect_loss {
    size_t n_stripped;
    struct str stripped[STRIPPED_MAX]; /* the caller's names of the fields */
    struct dialect_refusal why;
    bool wrapped; /* the answer's JSON will stand in {"value": ...} (dialect/answer_format.h) */
};
/* Notes a field (once), a long name cut; beyond STRIPPED_MAX it is left out silently. */
void dialect_strip(struct dialect_loss *loss, struct str field);
/* The same for a parameter, if it was given. */
void dialect_strip_param(struct dialect_loss *loss, const struct ir_param *p);
/* Refuses with E_UNSUPPORTED; returns it. */
PRINTF_LIKE(4, 5)
enum err dialect_cannot(struct dialect_loss *loss, struct arena *a, struct str field,
                        const char *fmt, ...);

/* What one answer told (a whole JSON answer, or one stream event). */
struct dialect_answer {
    struct usage usage;      /* usage_clear'ed where nothing was said */
    bool has_usage;          /* a usage object stood there (not null) */
    bool has_choices;        /* it is an answer: what every answer of the dialect has stood there */
    size_t items;            /* members of its list of results (`data`, `results`) */
    size_t items_end;        /* behind the greatest index that one of them names, 0 none */
    bool items_repeat;       /* two of them name one index */
    bool only_usage;         /* stream: usage and no choice (`choices: []` or none) */
    bool has_content;        /* stream: something a client would show or act upon */
    bool is_done;            /* stream: the terminator, which write_done writes anew ([DONE]) */
    bool is_last;            /* stream: the last event, which is passed on as it is */
    bool is_empty;           /* stream: an event without data, nothing for the client */
    bool is_error;           /* an error object instead of an answer */
    struct str error_text;   /* its message, cut; borrowed from arena */
    int error_status;        /* status that the error's own code stands for, 0 unknown */
    bool error_for_client;   /* only the client can go on from it: no other attempt helps */
    struct str model;        /* as the provider said; arena */
    struct str id;           /* the provider's id of the answer; arena */
    struct str service_tier; /* as charged by the provider; arena */
    uint8_t finish;          /* enum ir_finish */
    size_t object_end;       /* offset of the closing brace of the answer object */
    size_t members;          /* of the answer object */
    size_t usage_end;        /* offset of the closing brace of `usage`; 0: none, or it stood in
                                another place than the client looks for */
    bool usage_empty;        /* usage object without members */
    size_t content_bytes;    /* decoded text and tool arguments herein (for estimates) */
    /* Values of these names that the provider itself wrote: ours replace them. */
    struct dialect_span cost, cost_details, metadata;
    struct dialect_span choices;      /* the value of this name, for the dialect's own reader */
    struct dialect_span usage_member; /* the member `usage` with one comma, to leave it out */
};

/* What is spliced into an answer beside the provider's own words. All borrowed. */
struct dialect_extra {
    const struct cost *cost; /* NULL: unknown price, nothing is spliced into usage */
    struct str metadata;     /* JSON object text, one line; "" none */
    bool strip_usage;        /* leave the member `usage` out: the client did not ask for it */
};

/* An error as the client shall see it. */
struct dialect_error {
    enum err err;
    int status;         /* HTTP status of the answer, 200..599 */
    struct str message; /* sentence; "" takes the table's */
    struct str param;   /* field, "" none */
    struct str details; /* raw JSON members to add to the error object, "" none
                           ("\"attempts\":[...]") */
};

/* What a writer knows of the answer besides its events. All borrowed while it writes. */
struct dialect_writing {
    const struct ir_chat *request; /* the client's; NULL for vectors only */
    const struct dialect_request *scan;
    struct uuid request_id;     /* ids are made of it: one answer, one id */
    int64_t created_s;          /* seconds since 1970 */
    struct str model;           /* the provider's word, or the offer's if it said none; decoded */
    struct dialect_extra extra; /* filled for the last events (USAGE) and whole answers */
    struct arena *keep;         /* lives as long as the stream: for a writer's state */
};

/* A header of the client's that providers of its own dialect get byte for byte. */
struct dialect_header {
    const char *name;      /* lower case */
    const char *otherwise; /* sent when the client gave none (also when translated); NULL nothing */
    bool account;          /* names an account: only beside a key of that account's owner */
};

/* What a path of a dialect asks for. */
enum dialect_ask { ASK_CHAT, ASK_COUNT /* of a prompt's tokens */ };

/* The ledger stores these numbers (migrations: requests.endpoint). */
enum dialect_endpoint {
    ENDPOINT_CHAT_COMPLETIONS = 1,
    ENDPOINT_COMPLETIONS,
    ENDPOINT_RESPONSES,
    ENDPOINT_MESSAGES,
    ENDPOINT_GENERATE_CONTENT,
    ENDPOINT_CONVERSE,
    ENDPOINT_EMBEDDINGS,
    ENDPOINT_MODERATIONS,
    ENDPOINT_IMAGE_GENERATIONS,
    ENDPOINT_RERANK,
    ENDPOINT_SPEECH,
    ENDPOINT_TRANSCRIPTIONS,
    ENDPOINT_TRANSLATIONS,
    ENDPOINT_IMAGE_EDITS,
};

/* A path that clients POST to. `/v1` before it may be missing. */
struct dialect_route {
    const char *path; /* "{model}" stands for a model's name, slashes included */
    enum dialect_ask ask;
    enum dialect_endpoint endpoint;
    bool stream; /* the path says that it is one */
};

/* Answers that clients may ask for again or build on (the Responses API). Items are elements of a
 * JSON array joined by commas, without the brackets. */
struct dialect_chain {
    const char *path; /* behind /v1, ends with a slash: GET and DELETE of `path` + id */
    /* The body with the items `before` put before its own, and without the name of what it goes on
     * from. */
    bool (*expand)(struct str body, struct str before, struct buf *out);
    bool (*items_of_request)(struct str body, struct buf *out);
    /* `answer`: a whole answer, or the event that ends a stream. */
    bool (*items_of_answer)(struct str answer, struct buf *out);
    bool (*items_add)(struct str items, struct buf *to);
    /* Ids of earlier items that the body names instead of repeating them, and their replacement. */
    size_t (*references)(struct str body, struct str *ids, size_t max);
    bool (*resolve)(struct str body, struct str known, struct buf *out);
};

struct dialect {
    const char *name;                   /* as in providers.dialect: "openai" */
    const struct dialect_route *routes; /* ends with a NULL path; NULL none */
    const char *tell; /* a header by which clients of this dialect are known where the path does not
                         tell (lower case); NULL none */
    /* Providers of the dialect `beside` whose offers have all of `beside_cap` speak this one too,
     * at `beside_path` behind their base URL. NULL: only rows that name it. */
    const char *beside;
    uint32_t beside_cap;
    const char *beside_path;
    uint32_t beside_quirks; /* only providers with all of these */
    /* What its requests are for: the bit of CAPS_OF_OPERATIONS that offers must have; 0: chat.
     * Requests for anything else reach providers by rows with the same bit that are `beside`. */
    uint32_t operation;
    bool no_output;               /* its answers have no tokens */
    const struct ir_words *words; /* its clients' words; NULL for what is no chat */
    bool strict_turns;            /* conversations must be in order (dialect/turns.h) */
    bool strict_formats;          /* schemas of answers are grammars (dialect/schema.h) */
    bool format_by_word; /* formats are its `response_format`, of which offers' lists tell */
    bool binary;         /* its answers are no text but streams: passed as they come */
    bool pictures;       /* its results are pictures */
    enum dialect_form { FORM_NO, FORM_MAY, FORM_MUST } form; /* may its bodies be forms? */
    uint32_t needs_price; /* bit per enum price_kind: an offer must have one of them; 0: any */

    /* ------------------------------------------------ clients speak it (scan_request not NULL) */

    bool takes_signatures; /* clients may sign (sign/sigv4_verify.h) instead of sending their key */
    /* Reads a whole request body (syntax in full, depth, repeated top-level keys refused, types of
     * the fields used). Returns E_OK, or fills `why`. */
    enum err (*scan_request)(struct str body, const struct dialect_call *call, struct arena *a,
                             struct dialect_request *out, struct dialect_refusal *why);
    /* Reads it into the internal form; the body has passed scan_request. What no other dialect
     * knows is kept as IR_OTHER, IR_TOOL_OTHER or `unknown`: refusing is the emitter's part. */
    enum err (*parse_request)(struct str body, const struct dialect_request *scan, struct arena *a,
                              struct ir_chat *out, struct dialect_refusal *why);
    /* Writes strict events as a stream for the client, framing included. `state` is writer_bytes of
     * zeroed memory per answer. False: the buffer's cap. */
    size_t writer_bytes;
    bool (*write_stream)(void *state, const struct dialect_writing *w, const struct ir_events *ev,
                         struct buf *out);
    /* Writes strict events (a whole answer's) as one body. */
    bool (*write_answer)(const struct dialect_writing *w, const struct ir_events *ev,
                         struct buf *out);
    /* A whole error body. */
    bool (*write_error)(const struct dialect_error *e, struct uuid request_id, struct buf *out);
    /* A well-formed error event that ends a stream (a zero id is left out); `state` is the
     * writer's, NULL in passed streams. */
    bool (*write_error_event)(void *state, const struct dialect_error *e, struct uuid request_id,
                              struct buf *out);
    const struct dialect_chain *chain; /* NULL: the dialect has no such thing */
    const char *stream_type; /* Content-Type of streams, unless scan_request says another */
    /* The answer to a question for a prompt's tokens (ASK_COUNT); NULL: no route asks it. */
    bool (*write_count)(int64_t tokens, struct buf *out);
    dialect_models_fn *write_models; /* NULL: OpenAI's form */
    /* An additional header of error answers: name and the function of its value, NULL none. */
    const char *error_header;
    const char *(*error_header_value)(const struct dialect_error *e);

    /* --------------------------------------------- providers speak it (emit_request not NULL) */

    /* Bit per enum ir_kind (IMAGE, FILE): what its requests may give by a URL on the web, where the
     * provider has no NO_URL_MEDIA. The rest is fetched and put in its place (steps/inline.h). */
    uint32_t by_url;
    /* Writes the internal form as a request body for `to`. E_OK, or an error with loss->why
     * filled; what was left out is in `loss`. */
    enum err (*emit_request)(const struct ir_chat *c, const struct dialect_target *to,
                             struct arena *a, struct buf *out, struct dialect_loss *loss);
    /* Reads a whole JSON answer (also an error's) into loose events. False: it makes no sense.
     * `id_seed` makes ids for calls to which the provider gave none. */
    bool (*read_answer)(struct str body, struct str id_seed, struct arena *a,
                        struct ir_events *out);
    /* Reads one frame of a stream. `state` is reader_bytes of zeroed memory per attempt; `keep`
     * outlives the stream, `a` only this frame. False: the frame makes no sense. */
    size_t reader_bytes;
    bool (*read_event)(void *state, const struct frame *f, struct str id_seed, struct arena *keep,
                       struct arena *a, struct ir_events *out);
    /* Reads a whole JSON answer or error for what the gateway needs to know. False: it is no JSON
     * object. */
    bool (*scan_answer)(struct str body, struct arena *a, struct dialect_answer *out);
    /* Whose the signatures of a model are, by the provider's name for it; NULL: the reader says. */
    enum ir_origin (*signer)(struct str model);
    const char
        *input_tokens_header; /* of answers, with the prompt's tokens (lower case); NULL none */
    const struct dialect_header *headers; /* ends with a NULL name; NULL none */
    /* For vectors, instead of emit_request and read_answer (and, for clients, write_answer). */
    enum err (*emit_embed)(const struct ir_embed *e, const struct dialect_target *to,
                           struct arena *a, struct buf *out, struct dialect_loss *loss);
    bool (*read_vectors)(struct str body, struct arena *a, struct ir_vectors *out);
    bool (*write_vectors)(const struct dialect_writing *w, const struct ir_vectors *v,
                          struct buf *out);

    /* ------------------------------------------------------------ both: the passed way */

    /* Edits that make the body fit for the provider: model renamed, usage asked for in streams.
     * Returns the number (<= DIALECT_EDITS_MAX), ascending, not overlapping; memory from `a`. */
    size_t (*edit_request)(const struct dialect_request *in, const struct dialect_target *to,
                           struct arena *a, struct dialect_edit edits[DIALECT_EDITS_MAX]);
    /* Reads one stream frame for what the gateway needs to know. False: it makes no sense. */
    bool (*scan_event)(const struct frame *f, struct arena *a, struct dialect_answer *out);
    /* Writes the answer with cost and metadata spliced in before the closing braces. */
    bool (*splice_answer)(struct str body, const struct dialect_answer *an,
                          const struct dialect_extra *extra, struct buf *out);
    /* Writes one frame as bytes for the client. With `extra`, cost goes into its usage and metadata
     * behind its members, as in splice_answer; a usage chunk that lacks `choices` gets an empty
     * array, for clients that fail without. NULL: bytes as they came. */
    bool (*write_event)(const struct dialect_answer *an, const struct frame *f,
                        const struct dialect_extra *extra, struct buf *out);
    /* A usage chunk of our own for a client that asked for one which the provider did not send;
     * `like` is the last chunk's data (id, model, created are taken from it). NULL: the dialect has
     * no such thing. */
    bool (*write_usage_event)(struct str like, const struct usage *u,
                              const struct dialect_extra *extra, struct buf *out);
    bool (*write_done)(struct buf *out); /* the terminator; NULL: the dialect has none of its own */
    bool metadata_unasked; /* cost and metadata are spliced in unless the client says no */
};

/* The pieces that an edited body consists of, none empty; they lie in the body and in the edits.
 * Returns their number, at most 2 n + 1. */
size_t dialect_cut(struct str body, const struct dialect_edit *edits, size_t n, struct str *pieces);
/* Applies edits to a body: the same as one text. */
bool dialect_apply(struct str body, const struct dialect_edit *edits, size_t n, struct buf *out);
/* Puts edits into ascending order. */
void dialect_sort_edits(struct dialect_edit *edits, size_t n);
/* emit_request of `d`, for what one request can say: what a provider holds for a client is refused,
 * since ids of translated answers are ours. */
enum err dialect_emit(const struct dialect *d, const struct ir_chat *c,
                      const struct dialect_target *to, struct arena *a, struct buf *out,
                      struct dialect_loss *loss);
/* Says in loose events of `d` whose signatures they hold. */
void dialect_settle_signers(const struct dialect *d, struct str model, struct ir_events *ev);
/* A string as a JSON token, quotes and all. Arena. */
struct str dialect_json_string(struct str s, struct arena *a);
/* Thousandths as a decimal number ("0.7"). Arena. */
struct str dialect_milli(int64_t milli, struct arena *a);
/* Is the number token above so many thousandths? What is no plain decimal is not. */
bool dialect_number_above(struct str number, int64_t milli);
/* Merges what loose events told into `an`, as scan_answer and scan_event would have (usage, finish,
 * has_content, is_error, model, id, content_bytes, has_choices). False: they were too many. */
bool dialect_note_events(const struct ir_events *ev, struct arena *a, struct dialect_answer *an);
/* Does this error blame the key or its account, whatever status it came with? Some providers answer
 * 400 to that: the request is as good as ever, with another key. */
bool dialect_blames_account(const struct dialect_answer *an);

/* A list of models, or one, in the dialect's form. */
void dialect_write_models(const struct dialect *d, const struct dialect_model *m, size_t n,
                          bool list, struct buf *out);
/* The route of a POST to `path` (raw, without `/v1`), its dialect and the model's raw name in it
 * ("" none); NULL: no dialect has it. */
const struct dialect_route *dialect_route_find(struct str path, const struct dialect **d,
                                               struct str *model);
/* The dialect whose stored answers lie at `path` (raw, without `/v1`), and the id in it; NULL:
 * none. */
const struct dialect *dialect_chain_find(struct str path, struct str *id);
/* Headers of clients that some dialect wants to see (`headers`, `tell`): a small number by name, or
 * -1. Names compare without case. */
enum { DIALECT_HEADERS_MAX = 16 };
int dialect_header_number(struct str name);
/* The dialect of a request whose path does not tell, by the headers that are there (`given` by
 * number, .p NULL: not there); `otherwise` if none tells. */
const struct dialect *dialect_told(const struct str given[DIALECT_HEADERS_MAX],
                                   const struct dialect *otherwise);
/* The dialect that a provider of `own` speaks to clients of `client` for an offer with `caps`:
 * passing is better than translating. NULL: the offer does not serve what the client asks for.
 * `*path` is set if it has its own. */
const struct dialect *dialect_serving(const struct dialect *own, const struct dialect *client,
                                      uint32_t caps, uint32_t quirks, const char **path);
/* By name; NULL if this build does not know it. */
const struct dialect *dialect_find(struct str name);

#endif
