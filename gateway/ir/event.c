/* The list of events. Pure; memory from the caller's arena. */
#include "gateway/ir/event.h"

enum { EVENTS_FIRST = 8 };

struct ir_event *ir_event_add(struct ir_events *l, struct arena *a, enum ir_event_kind kind)
{
    l->full |= l->n == IR_EVENTS_MAX;
    if (l->n == l->cap && !l->full) {
        size_t cap = l->cap ? l->cap * 2 : EVENTS_FIRST;
        struct ir_event *v = arena_alloc(a, cap * sizeof *v);
        if (l->n)
            memcpy(v, l->v, l->n * sizeof *v);
        l->v = v;
        l->cap = cap;
    }
    struct ir_event *e = &l->v[l->full ? l->n - 1 : l->n++];
    *e = (struct ir_event){.kind = kind, .citation = {.start = -1, .end = -1}};
    usage_clear(&e->usage);
    return e;
}
