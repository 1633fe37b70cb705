/* One answer in no dialect's words: a list of events, for streams and whole answers alike.
 *
 * A dialect that reads a provider's answer says what it finds, in the order it finds it (*loose*
 * events: START, DELTA, STOP, USAGE, ERROR, END). dialect/flow makes *strict* ones of them, which
 * is all that the writing dialects ever see:
 *
 *   START, then per block OPEN DELTA* CLOSE, then STOP per choice, then USAGE once, then END
 *
 * with block indices from 0 without gaps, no block unopened, unclosed or repeated. Texts are raw
 * (ir/chat.h): the inside of a JSON string, as it came.
 */
#ifndef DOTEB_IR_EVENT_H
#define DOTEB_IR_EVENT_H

#include "gateway/ir/chat.h"
#include "gateway/ir/usage.h"

enum ir_event_kind {
    IR_START, /* id, model */
    IR_OPEN,  /* strict only: a block begins: block, index; TOOL_CALL: id, name, signature */
    IR_DELTA, /* a piece of a block */
    IR_CLOSE, /* strict only: the block is complete */
    IR_STOP,  /* a choice is complete: finish, stop_sequence */
    IR_USAGE, /* usage, service_tier; loose ones are merged, the strict one is final */
    IR_ERROR, /* loose only: the provider says that it failed: status, text (decoded) */
    IR_END,   /* the provider's terminator */
};

/* The ledger stores these numbers (migrations: requests.finish_reason). */
enum ir_finish {
    FINISH_NONE,
    FINISH_STOP,
    FINISH_LENGTH,
    FINISH_TOOL_CALLS,
    FINISH_CONTENT_FILTER,
    FINISH_ERROR,
    FINISH_STOP_SEQUENCE,
    FINISH_REFUSAL, /* the model itself declined */
    FINISH_PAUSE,   /* the provider paused a long turn: send it back to go on */
    FINISH_CONTEXT, /* the context window is full */
    FINISHES
};

/* Where in what the caller sent a citation points. */
enum ir_place {
    IR_PLACE_NONE,
    IR_PLACE_CHARS,  /* of a document's text */
    IR_PLACE_PAGES,  /* of a document */
    IR_PLACE_BLOCKS, /* of a document in pieces */
    IR_PLACE_RESULT, /* blocks of a search result */
    IR_PLACES
};

/* A source that an answer names. */
struct ir_citation {
    enum ir_origin origin; /* whose `raw` it is */
    struct str url, title; /* raw; .p NULL none */
    struct str text;       /* the cited words; .p NULL none */
    int64_t start, end;    /* characters of the block's text it stands for; -1 unknown */
    enum ir_place place;   /* and its number and bounds as those who name places count them: */
    int64_t document, from, to;
    struct str source; /* a search result's; .p NULL none */
    struct str raw;    /* as the provider wrote it, a JSON object */
};

struct ir_event {
    enum ir_event_kind kind;
    enum ir_kind block;  /* OPEN, DELTA, CLOSE: TEXT, REFUSAL, THINKING, REDACTED, TOOL_CALL, IMAGE,
                            AUDIO, OTHER */
    uint32_t choice;     /* 0 but for n > 1 */
    uint32_t index;      /* strict: of the block in its choice. Loose DELTA: tells tool calls of one
                            answer apart (any number that stays the same for one call) */
    struct str text;     /* DELTA of TEXT, REFUSAL, THINKING: a piece. ERROR: decoded */
    struct str id, name; /* START: id. TOOL_CALL: in the first loose DELTA and in OPEN */
    struct ir_json json; /* DELTA of TOOL_CALL: a fragment (quoted) or all arguments (a value) */
    struct ir_signature signature; /* DELTA of THINKING, REDACTED, TOOL_CALL, TEXT */
    struct ir_media media;         /* DELTA of IMAGE, AUDIO: whole (audio may come in pieces) */
    struct ir_citation citation;   /* DELTA of TEXT; raw.p or url.p set if there is one */
    struct str logprobs;           /* DELTA of TEXT: OpenAI's array of tokens, raw JSON */
    struct str raw;                /* OTHER: the whole block as it came, name = its type */
    struct str model;              /* START: as the provider said */
    int64_t created_s;             /* START: seconds since 1970, 0 unknown */
    enum ir_finish finish;         /* STOP */
    struct str stop_sequence;      /* STOP: the one that was met; .p NULL */
    struct str finish_word;        /* STOP: the provider's own word */
    struct usage usage;            /* USAGE; START (what is known then) */
    struct str service_tier;       /* USAGE, START: decoded; .p NULL */
    int status;                    /* ERROR: HTTP status it stands for, 0 unknown */
    bool for_client;               /* ERROR: about what the provider holds for the client: only the
                                      client can go on from it, no other attempt */
};

/* What one answer, or one frame of a stream, may come to: providers need a few bytes to make an
 * event, which takes a hundred times as many. */
enum { IR_EVENTS_MAX = 1 << 16 };

/* A growing list in an arena. */
struct ir_events {
    struct ir_event *v;
    size_t n, cap;
    bool full; /* more was said than it holds: nobody may believe it */
};

/* Appends; returns the zeroed event (usage cleared, counts -1), borrowed until the next call. A
 * full list's last event is given again. */
struct ir_event *ir_event_add(struct ir_events *l, struct arena *a, enum ir_event_kind kind);

#endif
