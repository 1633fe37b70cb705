/* Building requests for vectors and their answers. Pure but for the arena. */
#include "gateway/ir/embed.h"

struct ir_embed *ir_embed_new(struct arena *a)
{
    struct ir_embed *e = ARENA_NEW(a, struct ir_embed);
    *e = (struct ir_embed){.n = 0};
    e->inputs_tail = &e->inputs;
    e->unknown_tail = &e->unknown;
    return e;
}

void ir_embed_unknown(struct ir_embed *e, struct arena *a, struct str name)
{
    struct ir_name *n = ARENA_NEW(a, struct ir_name);
    *n = (struct ir_name){.text = name};
    *e->unknown_tail = n;
    e->unknown_tail = &n->next;
}

bool ir_vectors_put(struct ir_vectors *v, struct arena *a, size_t index, struct str raw)
{
    if (index >= v->cap) {
        size_t cap = index < 32 ? 64 : index * 2;
        struct str *more = arena_calloc(a, cap, sizeof *more);
        if (v->n)
            memcpy(more, v->v, v->n * sizeof *more);
        v->v = more;
        v->cap = cap;
    }
    if (v->v[index].p)
        return false;
    v->v[index] = raw;
    v->n = index >= v->n ? index + 1 : v->n;
    return true;
}
