/* The worker's side: questions, answers and who waits for them. One thread each; never blocks. */
#include "gateway/tokens.h"

#include <sodium.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/mem.h"
#include "gateway/token_service.h"

enum { CACHE_MAGIC = 0x746f6b63, BUSY_US = 1000 * 1000 };

struct token_cache {
    uint32_t magic;
    struct tokens *tokens;
    struct pool_port *port;
    struct token_table table;
};

struct token_cache *token_cache_new(struct tokens *t, struct pool_port *port)
{
    struct token_cache *c = xcalloc(1, sizeof *c);
    *c = (struct token_cache){.magic = CACHE_MAGIC, .tokens = t, .port = port};
    token_table_init(&c->table);
    return c;
}

void token_cache_free(struct token_cache *c)
{
    if (!c)
        return;
    CHECK(c, CACHE_MAGIC);
    token_table_fini(&c->table);
    c->magic = 0;
    xfree(c);
}

void tokens_forget_waiter(struct token_waiter *w)
{
    if (!w->link)
        return;
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
    w->next = NULL;
    w->link = NULL;
}

static void wait_for(struct token_entry *e, struct token_waiter *w)
{
    w->next = e->waiters;
    w->link = &e->waiters;
    if (w->next)
        w->next->link = &w->next;
    e->waiters = w;
}

static void done(struct pool_job *job)
{
    struct token_job *j = container_of(job, struct token_job, job);
    struct token_entry *e = j->asker;
    ASSERT(e->job == j);
    e->job = NULL;
    e->ask_us = j->ask_us;
    e->err = j->err;
    (void)snprintf(e->why, sizeof e->why, "%s", j->why);
    token_entry_put(e, j->token, j->expires_us);
    j->token = NULL;
    token_job_free(j);
    while (e->waiters) {
        struct token_waiter *w = e->waiters;
        tokens_forget_waiter(w);
        w->wake(w);
    }
}

static void ask(struct token_cache *c, struct token_entry *e, struct str credential, int64_t now_us)
{
    struct token_job *j = token_job_new(&e->name, credential);
    j->job.done = done;
    j->asker = e;
    if (tokens_post(c->tokens, c->port, j)) {
        e->job = j;
        return;
    }
    token_job_free(j);
    e->ask_us = now_us + BUSY_US;
    e->err = E_OVERLOADED;
    (void)snprintf(e->why, sizeof e->why, "too many access tokens are being fetched");
}

enum token_state tokens_ask(struct token_cache *c, struct uuid organisation, struct uuid key,
                            struct str credential, struct token_waiter *w, struct token_answer *out)
{
    CHECK(c, CACHE_MAGIC);
    struct token_name name = {.organisation = organisation, .key = key};
    int64_t now_us = clock_mono_us();
    *out = (struct token_answer){0};
    tokens_forget_waiter(w);
    tokens_hash(c->tokens, credential, name.credential);
    struct token_entry *e = token_table_get(&c->table, &name, now_us);
    if (!e->job && now_us >= e->ask_us)
        ask(c, e, credential, now_us);
    if (token_entry_good(e, now_us)) {
        out->token = secret_view(e->token);
        return TOKEN_READY;
    }
    if (e->job) {
        wait_for(e, w);
        return TOKEN_WAIT;
    }
    out->err = e->err;
    out->why = e->why;
    return TOKEN_FAILED;
}
