/* A request to a model as the simulator needs it, whichever protocol it came in. Each protocol's
 * parser fills it; for OpenAI's chat there are two: chat_scan.c, one cheap pass that takes only
 * plain requests, and chat_parse.c (jansson) for all others, which also finds what OpenAI would
 * refuse. Strings borrow from the body, from `root` or from the request's head.
 *
 * A turn is what was said since the last answer without tool calls. Its first or last directive
 * (chat_directive) is the one in force, so that an agent's tool results do not end a script.
 */
#ifndef DOTEB_SIM_CHAT_H
#define DOTEB_SIM_CHAT_H

#include <jansson.h>

#include "common/defs.h"
#include "common/str.h"

struct tool_def {
    struct str name;
    const json_t *schema; /* of its arguments; NULL: none given */
    bool custom;          /* takes text, not JSON */
    struct str space;     /* namespace it stands in, or p NULL */
};

struct chat_request {
    struct str model;
    struct str last_user;   /* text of the last user message, "" without one */
    struct str tool_result; /* text of the last tool result if no answer followed; else p NULL */
    struct str directive_first, directive_last; /* texts of this turn that carry one, or p NULL */
    uint32_t n_results;                         /* tool results of this turn */
    bool answered, result_here, user_after_result; /* for the functions below */
    bool in_turn;                                  /* for the scan: a user spoke last */
    bool stream, include_usage, logprobs, has_audio;
    bool thinking, think_hidden; /* asked for; without its text */
    bool sealed;                 /* asked for encrypted reasoning */
    bool as_array;               /* Google's stream without alt=sse */
    bool signed_calls;           /* Google: calls carry signatures and must be replayed with them */
    bool base64;                 /* embeddings as base64 */
    bool mute;                   /* an answer without text */
    uint32_t top_logprobs, n;
    uint32_t max_tokens;    /* UINT32_MAX: no limit */
    uint32_t dimensions;    /* of embeddings; 0: the model's own */
    uint64_t content_bytes; /* of all messages' text */
    json_t *root;           /* owned; NULL when the scan sufficed */
    struct tool_def *tools; /* owned */
    uint32_t n_tools;
    bool must_call;              /* a tool has to be called: must_name, or any (p NULL) */
    struct str must_name;        /* */
    bool wants_json;             /* the answer is to be JSON, ... */
    const json_t *answer_schema; /* ... of this schema, or NULL */
    struct str *inputs;          /* owned; what embeddings and the like are made of */
    uint32_t n_inputs;
    struct str format; /* of what is not JSON: audio, transcriptions, images */
};

/* An error as the providers word it. Strings but the arrays are literals or NULL (JSON null). */
struct api_error {
    unsigned status;
    uint32_t retry_after_s; /* 0: not told */
    const char *type, *code;
    const char *detail; /* NULL none; Anthropic: error.details.error_code */
    char kind[80];      /* "": as the status has it; else the protocol's name of the error */
    char param[80];     /* "": null */
    char message[400];
};

void chat_init(struct chat_request *c);
void chat_fini(struct chat_request *c);
/* True: filled. False: not a plain request, let chat_parse have it. */
MUST_USE bool chat_scan(struct chat_request *c, struct str body);
/* False: `*e` is what to answer. Initialises `c`. */
MUST_USE bool chat_parse(struct chat_request *c, struct str body, struct api_error *e);

/* Fills `e` as OpenAI does for a bad request; `param` and `code` may be NULL. Returns false. */
bool api_error_set(struct api_error *e, unsigned status, const char *code, const char *param,
                   const char *fmt, ...) PRINTF_LIKE(5, 6);

/* ---- what a parser says of the conversation, in its order ---- */

/* A user message begins. */
void chat_user(struct chat_request *c);
/* A text of it. */
void chat_user_text(struct chat_request *c, struct str text);
/* A tool's result. */
void chat_tool_result(struct chat_request *c, struct str text);
/* An assistant's message, or a part of one. */
void chat_assistant(struct chat_request *c, bool calls);
/* The conversation was told. */
void chat_told(struct chat_request *c);
/* The text whose directive is in force, or STR_NULL. */
struct str chat_directive(const struct chat_request *c);
/* Room for one more tool; borrows. */
struct tool_def *chat_add_tool(struct chat_request *c);
void chat_add_input(struct chat_request *c, struct str text);

#endif
