/* What a request asks of the simulator: a flat struct of numbers and flags, filled from
 * `key=value` words in the model's name (`sim+key=value+...`), in `x-sim-key` headers and in the
 * last user message (`[sim key=value ...]`), the later ones winning. One table names every key.
 * Pure; strings borrow from the request.
 */
#ifndef DOTEB_SIM_SCRIPT_H
#define DOTEB_SIM_SCRIPT_H

#include "common/buf.h"
#include "common/defs.h"
#include "common/str.h"

enum script_usage { USAGE_NORMAL, USAGE_NONE, USAGE_FINAL, USAGE_EVERY, USAGE_NULL, USAGE_PARTIAL };
enum script_body { BODY_OPENAI, BODY_HTML, BODY_EMPTY, BODY_PLAIN, BODY_JSON };
enum script_framing { FRAMING_DEFAULT, FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE };
enum script_hang { HANG_NO, HANG_HEADERS, HANG_BODY };
/* Why an answer ended; each protocol has its own words for these (README.md has the table). */
enum script_finish {
    FINISH_DEFAULT,
    FINISH_STOP,
    FINISH_LENGTH,
    FINISH_TOOL_CALLS,
    FINISH_FILTER,
    FINISH_REFUSAL,
    FINISH_PAUSE,
    FINISH_SEQUENCE,
    FINISH_WINDOW,
    FINISH_RECITATION,
    FINISH_MALFORMED,
    FINISH_BLOCKED,
    FINISH_FAILED,
    FINISH_COUNT
};

#define SCRIPT_UNSET UINT32_MAX

struct script {
    /* Where values with escapes are kept; lives as long as the script, borrowed. NULL: escapes in
     * values stay as they are. */
    struct buf *spare;
    /* time, in the unit of the name */
    uint32_t ttfb_ms, first_ms, gap_ms, gap_us, drip_us;
    /* what is said; SCRIPT_UNSET: the default */
    struct str text;
    uint32_t chunks, chunk_bytes, tools, long_line;
    uint32_t finish;                /* enum script_finish */
    struct str thinking;            /* reasoning before the answer; p NULL: as asked */
    uint32_t redacted, cite, image; /* flags */
    struct str call, args, call2, args2, call3, args3; /* tools to call, in turn */
    /* usage; SCRIPT_UNSET: counted */
    uint32_t usage; /* enum script_usage */
    uint32_t tokens_in, tokens_out, cached, cache_write, cache_write_1h, reasoning, audio_in,
        audio_out, tool_prompt;
    /* failures */
    uint32_t status; /* 0: 200 */
    uint32_t body;   /* enum script_body */
    struct str code; /* error code override */
    uint32_t retry_after, retry_after_ms;
    uint32_t fail_first, fail_status;
    struct str tag;
    uint32_t cut_chunk, cut_byte, error_chunk, hang_chunk;
    uint32_t hang; /* enum script_hang */
    uint32_t reset, error_in_200, close, drop;
    /* oddities of the bytes */
    uint32_t framing; /* enum script_framing */
    uint32_t head_pad, json_type;
    uint32_t bad_utf8, lone_surrogate, crlf, comment, no_done, split, flush;
    uint32_t bad_crc; /* which frame of an event stream is broken, from 1; 0: none */
};

/* The script of a request that asks for nothing. */
extern const struct script SCRIPT_DEFAULT;

/* Sets one key; false with `err` (a sentence that names the key) when it is unknown or its value
 * is out of range. */
MUST_USE bool script_set(struct script *s, struct str key, struct str value, char *err,
                         size_t err_size);
/* Reads the words after `sim+` in a model's name, if it is such a name. */
MUST_USE bool script_read_model(struct script *s, struct str model, char *err, size_t err_size);
/* Reads the directive in a message, if there is one; `*at` and `*len` say where it stood. */
MUST_USE bool script_read_text(struct script *s, struct str text, size_t *at, size_t *len,
                               char *err, size_t err_size);

#endif
