/* A chained table that cleans itself as it grows. One thread. */
#include "gateway/token_table.h"

#include "common/mem.h"

enum { SWEEP_FIRST = 64 };

void token_table_init(struct token_table *t)
{
    *t = (struct token_table){.sweep_at = SWEEP_FIRST};
}

static void entry_free(struct token_entry *e)
{
    ASSERT(!e->job && !e->waiters);
    secret_free(e->token);
    xfree(e);
}

void token_table_fini(struct token_table *t)
{
    for (size_t i = 0; i < TOKEN_BUCKETS; i++)
        for (struct token_entry *e = t->bucket[i], *next; e; e = next) {
            next = e->next;
            entry_free(e);
        }
    token_table_init(t);
}

static bool same(const struct token_name *a, const struct token_name *b)
{
    return uuid_eq(a->organisation, b->organisation) && uuid_eq(a->key, b->key) &&
           memcmp(a->credential, b->credential, sizeof a->credential) == 0;
}

/* Drops entries whose token has expired and that nobody would be spared a question by. */
static void sweep(struct token_table *t, int64_t now_us)
{
    for (size_t i = 0; i < TOKEN_BUCKETS; i++)
        for (struct token_entry **at = &t->bucket[i]; *at;) {
            struct token_entry *e = *at;
            if (e->job || e->waiters || now_us < e->ask_us || token_entry_good(e, now_us)) {
                at = &e->next;
                continue;
            }
            *at = e->next;
            t->n--;
            entry_free(e);
        }
    t->sweep_at = t->n * 2 > SWEEP_FIRST ? t->n * 2 : SWEEP_FIRST;
}

struct token_entry *token_table_get(struct token_table *t, const struct token_name *name,
                                    int64_t now_us)
{
    /* Its bytes are a keyed hash: no outsider chooses a bucket. */
    struct token_entry **bucket = &t->bucket[name->credential[0] % TOKEN_BUCKETS];
    for (struct token_entry *e = *bucket; e; e = e->next)
        if (same(&e->name, name))
            return e;
    if (t->n >= t->sweep_at)
        sweep(t, now_us);
    struct token_entry *e = xcalloc(1, sizeof *e);
    *e = (struct token_entry){.next = *bucket, .name = *name, .ask_us = now_us};
    *bucket = e;
    t->n++;
    return e;
}

bool token_entry_good(const struct token_entry *e, int64_t now_us)
{
    return e->token && now_us < e->expires_us;
}

void token_entry_put(struct token_entry *e, struct secret *token, int64_t expires_us)
{
    if (!token)
        return;
    secret_free(e->token);
    e->token = token;
    e->expires_us = expires_us;
}
