/* Hands snapshots from the loader to everybody. The lock is held for a few instructions, and only
 * when a snapshot is adopted or replaced: requests never take it.
 */
#include "gateway/snapshot/publish.h"

#include "common/mem.h"
#include "gateway/snapshot/snapshot_priv.h"

void publisher_init(struct publisher *p)
{
    *p = (struct publisher){0};
    ASSERT(pthread_mutex_init(&p->lock, NULL) == 0);
}

void publisher_fini(struct publisher *p)
{
    for (size_t i = 0; i < p->n_retired; i++)
        snapshot_unref(p->retired[i]);
    snapshot_unref(p->current);
    xfree(p->retired);
    (void)pthread_mutex_destroy(&p->lock);
    *p = (struct publisher){0};
}

static void retire(struct publisher *p, struct snapshot *s)
{
    if (p->n_retired == p->cap_retired) {
        p->cap_retired = p->cap_retired ? p->cap_retired * 2 : 16;
        p->retired = xrealloc(p->retired, p->cap_retired * sizeof(struct snapshot *));
    }
    p->retired[p->n_retired++] = s;
}

void publisher_put(struct publisher *p, struct snapshot *s)
{
    (void)pthread_mutex_lock(&p->lock);
    struct snapshot *before = p->current;
    p->current = s;
    (void)pthread_mutex_unlock(&p->lock);
    if (before)
        retire(p, before);
    publisher_sweep(p);
}

struct snapshot *publisher_current(struct publisher *p)
{
    (void)pthread_mutex_lock(&p->lock);
    struct snapshot *s = p->current ? snapshot_ref(p->current) : NULL;
    (void)pthread_mutex_unlock(&p->lock);
    return s;
}

void publisher_sweep(struct publisher *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->n_retired; i++) {
        struct snapshot *s = p->retired[i];
        if (snapshot_is_last(s))
            snapshot_unref(s);
        else
            p->retired[kept++] = s;
    }
    p->n_retired = kept;
}
