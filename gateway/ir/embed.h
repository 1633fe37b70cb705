/* The internal form of a request for vectors, and of its answer: what all dialects share. Texts are
 * the raw inside of a JSON string, numbers their token, as in ir/chat.h. */
#ifndef DOTEB_IR_EMBED_H
#define DOTEB_IR_EMBED_H

#include "common/arena.h"
#include "gateway/ir/chat.h"
#include "gateway/ir/usage.h"

/* One text; the vector's index is its place in the list. */
struct ir_embed_input {
    struct ir_embed_input *next;
    struct str field;   /* in the caller's words */
    struct str text;    /* .p NULL: no text (tokens, pictures): see `tokens` and `members` */
    struct str tokens;  /* raw array of token ids; .p NULL none */
    struct str members; /* its own object as the client wrote it; .p NULL none */
};

struct ir_embed {
    struct ir_embed_input *inputs, **inputs_tail;
    size_t n;
    bool base64; /* the client wants vectors so */
    struct ir_param dimensions, end_user;
    struct ir_param task; /* what the vectors are for: a string token; of the last text that says */
    bool tasks_differ;    /* from text to text, or some say none */
    struct ir_name *unknown, **unknown_tail;
};

struct ir_vectors {
    size_t n;
    struct str *v; /* raw arrays of numbers, .p NULL where an index is missing */
    size_t cap;
    struct usage usage;
    struct str model, id; /* as the provider said, "" or .p NULL none */
};

/* An empty request. Arena. */
struct ir_embed *ir_embed_new(struct arena *a);
/* A field that no other dialect shares. */
void ir_embed_unknown(struct ir_embed *e, struct arena *a, struct str name);
/* False: there is one with that index. */
MUST_USE bool ir_vectors_put(struct ir_vectors *v, struct arena *a, size_t index, struct str raw);

#endif
