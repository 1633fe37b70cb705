/* What an answer says, apart from how its bytes go out: ids, text and its cutting into pieces, tool
 * calls, usage numbers, finish reason. Pure; streamed and plain answers read the same reply, so
 * that the pieces of a stream add up to the plain answer's content.
 */
#ifndef DOTEB_SIM_REPLY_H
#define DOTEB_SIM_REPLY_H

#include "common/buf.h"
#include "tests/simulator/chat.h"
#include "tests/simulator/script.h"

enum { REPLY_TEXT_MAX = 64 << 20 };

struct tool_call {
    struct str name;  /* borrows from the request, as does space */
    struct str space; /* the namespace it stands in, or p NULL */
    bool custom;      /* its arguments are text */
    char *arguments;  /* owned, JSON text, or any if custom */
};

struct reply_usage {
    uint32_t in, out, cached, cache_write, cache_write_1h, reasoning, audio_in, audio_out,
        tool_prompt; /* `in` holds cached, cache_write and audio_in, `out` reasoning and audio_out;
                        cache_write holds cache_write_1h */
    bool has_cache_write;
};

struct reply {
    char id[48];         /* chatcmpl-..., msg_...: as the protocol has it */
    char request_id[40]; /* req_... */
    int64_t created;     /* seconds since 1970 */
    struct str model;    /* borrows from the request */
    struct buf text;     /* said over and over, until `pieces` are said */
    uint32_t pieces;
    uint32_t piece_bytes; /* 0: a piece is a word and the spaces after it */
    struct str thinking;  /* what is thought first; p NULL: nothing. Borrows */
    uint32_t thoughts;    /* pieces (words) of it */
    struct tool_call *calls;
    uint32_t n_calls;
    uint32_t n; /* choices */
    struct reply_usage usage;
    enum script_finish finish;
};

/* Where a reading of the reply's text stands. */
struct cursor {
    size_t at;
    uint32_t index; /* pieces read */
};

void reply_init(struct reply *r);
/* Forgets what was said, keeps memory. */
void reply_reset(struct reply *r);
void reply_fini(struct reply *r);
/* Decides what to say. `echo` is the last user message without its directive. */
void reply_plan(struct reply *r, const struct chat_request *c, const struct script *s,
                struct str echo);
/* The ids of answer number `seq` of a run that is told apart by `nonce`; the answer's own begins
 * with `prefix` (at most 15 bytes). */
void reply_ids(struct reply *r, const char *prefix, uint64_t nonce, uint64_t seq);
/* Appends the unique part of the id, for ids of parts of the answer. */
void reply_add_unique(struct buf *b, const struct reply *r);
/* The next piece, or false when all were said; borrows from the reply. */
bool cursor_next(struct cursor *c, const struct reply *r, struct str *piece);
/* The same for what is thought. */
bool cursor_thought(struct cursor *c, const struct reply *r, struct str *piece);

#endif
