/* How a family of APIs speaks: pure functions between bytes and what the gateway needs to know.
 *
 * A dialect never sees a socket, a clock or a provider's name. When client and provider speak the
 * same dialect, bytes pass untouched but for named spans (`dialect_edit`): this file describes that
 * path. Output is written into capped buffers.
 */
#ifndef DOTEB_DIALECT_DIALECT_H
#define DOTEB_DIALECT_DIALECT_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/str.h"
#include "common/uuid.h"
#include "gateway/ir/price.h"
#include "gateway/ir/usage.h"

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

/* What the gateway learns from a request without taking it apart. Spans point into the body or the
 * arena; strings are decoded. */
struct dialect_request {
    struct str model;              /* decoded */
    size_t model_begin, model_end; /* span of its value, quotes included */
    bool stream;
    bool client_wants_usage;                         /* stream_options.include_usage: true */
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
};

/* Why a request was refused: `field` in the caller's words ("messages[2].content"), `text` a
 * sentence. Arena memory. */
struct dialect_refusal {
    enum err err;
    struct str field;
    struct str text;
};

/* What one answer told (a whole JSON answer, or one stream event). */
struct dialect_answer {
    struct usage usage;      /* usage_clear'ed where nothing was said */
    bool has_usage;          /* a usage object stood there (not null) */
    bool has_choices;        /* a `choices` array stood there */
    bool only_usage;         /* stream: usage and no choice (`choices: []` or none) */
    bool has_content;        /* stream: something a client would show or act upon */
    bool is_done;            /* stream: the terminator ([DONE]) */
    bool is_empty;           /* stream: an event without data, nothing for the client */
    bool is_error;           /* an error object instead of an answer */
    struct str error_text;   /* its message, cut; borrowed from arena */
    int error_status;        /* status that the error's own code stands for, 0 unknown */
    struct str model;        /* as the provider said; arena */
    struct str id;           /* the provider's id of the answer; arena */
    struct str service_tier; /* as charged by the provider; arena */
    uint8_t finish;          /* enum dialect_finish */
    size_t object_end;       /* offset of the closing brace of the answer object */
    size_t members;          /* of the answer object */
    size_t usage_end;        /* offset of the closing brace of `usage`; 0: none, or it stood in
                                another place than the client looks for */
    bool usage_empty;        /* usage object without members */
    size_t content_bytes;    /* decoded text and tool arguments herein (for estimates) */
    /* Values of these names that the provider itself wrote: ours replace them. */
    struct dialect_span cost, cost_details, metadata;
    struct dialect_span usage_member; /* the member `usage` with one comma, to leave it out */
};

/* The ledger stores these numbers (migrations: requests.finish_reason). */
enum dialect_finish {
    FINISH_NONE,
    FINISH_STOP,
    FINISH_LENGTH,
    FINISH_TOOL_CALLS,
    FINISH_CONTENT_FILTER,
    FINISH_ERROR,
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
    struct str message; /* sentence; "" takes the table's */
    struct str param;   /* field, "" none */
    struct str details; /* raw JSON members to add to the error object, "" none
                           ("\"attempts\":[...]") */
};

struct dialect {
    const char *name; /* as in providers.dialect: "openai" */

    /* Reads a whole request body (syntax in full, depth, repeated top-level keys refused, types of
     * the fields used). Returns E_OK, or fills `why`. */
    enum err (*scan_request)(struct str body, struct arena *a, struct dialect_request *out,
                             struct dialect_refusal *why);
    /* Edits that make the body fit for the provider: model renamed, usage asked for in streams.
     * Returns the number (<= DIALECT_EDITS_MAX), ascending, not overlapping; memory from `a`. */
    size_t (*edit_request)(const struct dialect_request *in, struct str provider_model,
                           struct arena *a, struct dialect_edit edits[DIALECT_EDITS_MAX]);
    /* Reads a whole JSON answer. False: it is no JSON object. */
    bool (*scan_answer)(struct str body, struct arena *a, struct dialect_answer *out);
    /* Reads one stream event's data. False: it is neither JSON object nor terminator nor empty. */
    bool (*scan_event)(struct str type, struct str data, struct arena *a,
                       struct dialect_answer *out);
    /* Writes the answer with cost and metadata spliced in before the closing braces. */
    bool (*splice_answer)(struct str body, const struct dialect_answer *an,
                          const struct dialect_extra *extra, struct buf *out);
    /* Writes one stream event as bytes for the client ("data: ...\n\n"). With `extra`, cost goes
     * into its usage and metadata behind its members, as in splice_answer; a usage chunk that
     * lacks `choices` gets an empty array, for clients that fail without. NULL: bytes as they
     * came. */
    bool (*write_event)(const struct dialect_answer *an, struct str type, struct str data,
                        const struct dialect_extra *extra, struct buf *out);
    /* A usage chunk of our own for a client that asked for one which the provider did not send;
     * `like` is the last chunk's data (id, model, created are taken from it). */
    bool (*write_usage_event)(struct str like, const struct usage *u,
                              const struct dialect_extra *extra, struct buf *out);
    /* A well-formed error event (a zero id is left out), and the terminator. */
    bool (*write_error_event)(const struct dialect_error *e, struct uuid request_id,
                              struct buf *out);
    bool (*write_done)(struct buf *out);
    /* A whole error body. */
    bool (*write_error)(const struct dialect_error *e, struct uuid request_id, struct buf *out);
};

/* Applies edits to a body. */
bool dialect_apply(struct str body, const struct dialect_edit *edits, size_t n, struct buf *out);

/* By name; NULL if this build does not know it. */
const struct dialect *dialect_find(struct str name);

#endif
