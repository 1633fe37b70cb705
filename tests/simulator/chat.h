/* A chat completion request as the simulator needs it. Two readers fill it: chat_scan.c, one cheap
 * pass that takes only plain requests, and chat_parse.c (jansson) for all others, which also finds
 * what OpenAI would refuse. Strings borrow from the body or from `root`.
 */
#ifndef DOTEB_SIM_CHAT_H
#define DOTEB_SIM_CHAT_H

#include <jansson.h>

#include "common/defs.h"
#include "common/str.h"

struct chat_request {
    struct str model;
    struct str last_user;   /* text of the last user message, "" without one */
    struct str tool_result; /* text of the last message if it has role `tool`; else p NULL */
    bool stream, include_usage, logprobs, has_audio;
    uint32_t top_logprobs, n;
    uint32_t max_tokens;                                 /* UINT32_MAX: no limit */
    uint64_t content_bytes;                              /* of all messages' text */
    json_t *root;                                        /* owned; NULL when the scan sufficed */
    const json_t *tools, *tool_choice, *response_format; /* into root, NULL when absent */
};

/* An error as OpenAI words it. Strings but `message` are literals or NULL (JSON null). */
struct api_error {
    unsigned status;
    const char *type, *code;
    char param[80]; /* "": null */
    char message[400];
};

void chat_init(struct chat_request *c);
void chat_fini(struct chat_request *c);
/* True: filled. False: not a plain request, let chat_parse have it. */
MUST_USE bool chat_scan(struct chat_request *c, struct str body);
/* False: `*e` is what to answer. */
MUST_USE bool chat_parse(struct chat_request *c, struct str body, struct api_error *e);

/* Fills `e` as OpenAI does for a bad request; `param` and `code` may be NULL. Returns false. */
bool api_error_set(struct api_error *e, unsigned status, const char *code, const char *param,
                   const char *fmt, ...) PRINTF_LIKE(5, 6);

#endif
