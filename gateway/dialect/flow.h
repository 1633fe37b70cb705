/* From loose events to strict ones (ir/event.h): the state machine that cannot emit an unopened, an
 * unclosed or a repeated block. One per attempt; pure; memory from the caller's arenas.
 *
 * Blocks of a choice come one after the other. Only calls may overlap: one whose arguments are not
 * complete JSON yet stays open while another begins, since some providers interleave them.
 * A call of the tool through which answers come (dialect/answer_format.h) becomes a text.
 * STOP and USAGE are held back to the end, so that every writer has finish and usage together.
 */
#ifndef DOTEB_DIALECT_FLOW_H
#define DOTEB_DIALECT_FLOW_H

#include "common/arena.h"
#include "gateway/dialect/answer_format.h"
#include "gateway/ir/event.h"

enum {
    FLOW_CHOICES_MAX = 128,
    FLOW_CALLS_MAX = 256,       /* of a choice */
    FLOW_BLOCKS_MAX = 16384,    /* of a choice */
    FLOW_BYTES_MAX = 256 << 20, /* of an answer: writers keep much of it until the end */
};

struct flow_call {
    uint32_t key;   /* the reader's number for it */
    uint32_t index; /* of its block */
    bool open;
    /* how far its arguments are as JSON */
    uint32_t depth;
    bool in_string, escape, begun, complete;
    bool whole; /* they came as one value: what is said again is passed over */
};

struct flow_choice {
    bool used, has_block; /* has_block: one that is no call is open */
    enum ir_kind block;   /* the open one */
    uint32_t block_index, next_index;
    struct flow_call *calls; /* of this choice, open and closed */
    uint32_t n_calls, cap_calls;
    bool answers;        /* it has called ANSWER_TOOL */
    uint32_t answer_key; /* the reader's number for that call */
    struct unwrap unwrap;
    enum ir_finish finish;
    struct str stop_sequence, finish_word;
};

struct flow {
    uint32_t magic;
    struct arena *keep; /* lives as long as the flow */
    bool started, ended, finished;
    struct flow_choice *choice; /* FLOW_CHOICES_MAX pointers would be waste: grown as needed */
    uint32_t n_choices;
    struct usage usage; /* merged */
    struct str service_tier, model, id;
    int64_t content_bytes; /* raw bytes of text and arguments so far, for estimates */
    bool got_content;
    bool unwraps; /* texts are {"value": ...}, and clients get the value; set by the caller */
    bool bad;     /* the provider broke the protocol beyond repair */
    bool over;    /* it says more than an answer may hold */
    size_t bytes; /* that writers may keep, so far */
    uint32_t n_words;
};

/* `keep` outlives the flow's use. */
void flow_init(struct flow *f, struct arena *keep);
/* Turns loose events into strict ones, appended to `out` (memory: `scratch`, and borrowed from the
 * loose ones). IR_ERROR is passed through as it is. False: too many choices, calls, blocks,
 * events or bytes. */
MUST_USE bool flow_push(struct flow *f, const struct ir_events *in, struct ir_events *out,
                        struct arena *scratch);
/* The answer is over: closes what is open, then STOP, USAGE with `usage` (final), END. Once. */
void flow_finish(struct flow *f, const struct usage *usage, struct ir_events *out,
                 struct arena *scratch);
/* The gravest finish of all choices so far (after flow_finish: as it was told); FINISH_NONE: none
 * has one. */
enum ir_finish flow_finish_reason(const struct flow *f);

#endif
