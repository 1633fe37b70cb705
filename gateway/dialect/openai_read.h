/* What the files share that read OpenAI chat answers into events. */
#ifndef DOTEB_DIALECT_OPENAI_READ_H
#define DOTEB_DIALECT_OPENAI_READ_H

#include "gateway/dialect/openai_parse.h"
#include "gateway/dialect/openai_priv.h"
#include "gateway/dialect/read.h"

/* A call of an answer. Providers number them, name them, or neither. */
struct openai_call {
    int64_t wire;  /* its `index`; -1 none */
    uint32_t key;  /* ours, for the flow */
    struct str id; /* the provider's, raw, kept; "" none */
    struct str name;
    bool whole;  /* its arguments so far came at once and look complete */
    bool opened; /* the flow knows it */
    bool begun;  /* some arguments have come */
};

struct openai_choice {
    struct openai_call *calls;
    uint32_t n, cap;
};

enum { OPENAI_CHOICES_MAX = 128, OPENAI_CALLS_MAX = 256 };

/* Of one answer; zeroed at first. */
struct openai_reading {
    bool started, named; /* START was said; with a model */
    uint32_t made;       /* ids that we made */
    uint32_t n_choices;
    struct openai_choice *choices;
};

/* One event or answer while it is read. */
struct openai_taking {
    struct openai_reading *state;
    struct str id_seed;
    struct arena *keep, *a;
    struct ir_events *out;
    uint32_t choice;
    bool whole;             /* a whole answer: every call is another one */
    struct ir_name *sealed; /* Google's signatures in the message in hand, by the calls' raw ids */
};

struct ir_event *openai_say(struct openai_taking *t, enum ir_kind block);
/* Reads a value that came from a provider: never refuses. */
struct reader openai_lenient(const struct openai_taking *t, struct str raw);
/* A message or delta: raw JSON object; logprobs: raw array or .p NULL (openai_read_message.c) */
void openai_take_message(struct openai_taking *t, struct str raw, struct str logprobs);
/* reasoning_details[], thinking_blocks[]: true if they said something (openai_read_reasoning.c). */
bool openai_take_details(struct openai_taking *t, struct str raw);
bool openai_take_blocks(struct openai_taking *t, struct str raw);
/* Notes the signatures for calls in reasoning_details[]. */
void openai_note_signatures(struct openai_taking *t, struct str raw);
/* The signature that was noted for a call, or none. */
void openai_find_signature(struct openai_taking *t, struct str id, struct ir_signature *out);
/* tool_calls[] and function_call; false: too many (openai_read_calls.c) */
void openai_take_calls(struct openai_taking *t, struct str raw);
void openai_take_function_call(struct openai_taking *t, struct str raw);
/* The state of the choice in hand. */
struct openai_choice *openai_choice_of(struct openai_taking *t);

#endif
