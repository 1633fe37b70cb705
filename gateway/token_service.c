/* The service's side: a few threads, each answering for its share of the credentials, one question
 * after the other. That a credential always comes to the same thread is what makes its refreshes
 * one at a time. Blocks in signatures and transfers.
 */
#include "gateway/token_service.h"

#include <sodium.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "gateway/sign/gcp_assertion.h"
#include "gateway/xfer/fetch.h"

enum {
    TOKENS_MAGIC = 0x746f6b65,
    THREADS = 4,
    QUESTIONS_MAX = 1024, /* a thread's */
    FETCH_MS = 10 * 1000,
    ANSWER_MAX = 64 * 1024,
};
#define SECOND_US INT64_C(1000000)
#define AHEAD_US  (300 * SECOND_US) /* asked for anew so long before the end */
#define MARGIN_US (30 * SECOND_US)  /* not used any more so long before the end */
#define FAILED_US (5 * SECOND_US)   /* a failure that may pass is the answer for so long */
#define BROKEN_US (60 * SECOND_US)  /* a credential that is none */

static_assert(sizeof(((struct token_name *)NULL)->credential) == crypto_shorthash_BYTES, "hash");

struct share {
    struct tokens *tokens;
    struct pool *pool;
    struct token_table table;
};

struct tokens {
    uint32_t magic;
    struct tokens_options o;
    struct str url;
    atomic_bool stop;
    uint8_t hash_key[crypto_shorthash_KEYBYTES];
    struct share share[THREADS];
};

struct token_job *token_job_new(const struct token_name *name, struct str credential)
{
    struct token_job *j = xcalloc(1, sizeof *j);
    j->name = *name;
    j->credential = secret_new(credential.p, credential.len);
    return j;
}

void token_job_free(struct token_job *j)
{
    if (!j)
        return;
    secret_free(j->credential);
    secret_free(j->token);
    xfree(j);
}

/* What came of one attempt. */
struct outcome {
    enum err err;
    const char *why;  /* static, or in `arena` */
    int64_t again_us; /* after a failure: not sooner than so long after */
    struct str token; /* in `arena` */
    int64_t lifetime_s;
    struct arena *arena;
};

static void fail(struct outcome *o, enum err err, int64_t again_us, const char *why)
{
    o->err = err;
    o->again_us = again_us;
    o->why = why;
}

static void judge(struct outcome *o, const struct fetch_answer *a, struct str body)
{
    struct str word = gcp_token_refusal(body);
    if (a->err != E_OK)
        fail(o, a->err, FAILED_US,
             arena_printf(o->arena, "the token service cannot be reached: %s", a->detail));
    else if (a->status == 400 || a->status == 401 || a->status == 403)
        fail(o, E_CREDENTIAL, FAILED_US,
             arena_printf(o->arena, "the token service refused the service account: %d%s" STR_FMT,
                          a->status, word.len ? " " : "", STR_ARG(word)));
    else if (a->status != 200)
        fail(o, E_UPSTREAM_STATUS, FAILED_US,
             arena_printf(o->arena, "the token service answered with status %d", a->status));
    else if (!gcp_token_answer(body, o->arena, &o->token, &o->lifetime_s))
        fail(o, E_UPSTREAM_BAD_ANSWER, FAILED_US, "the token service's answer makes no sense");
}

static void wipe_buf(struct buf *b)
{
    if (b->p)
        sodium_memzero(b->p, b->cap);
    buf_fini(b);
}

static void fetch(struct tokens *t, const struct token_job *j, struct outcome *o)
{
    struct gcp_account account;
    struct buf form, body;
    const char *why = gcp_account_read(secret_view(j->credential), t->url, o->arena, &account);
    if (why) {
        fail(o, E_CREDENTIAL, BROKEN_US, why);
        return;
    }
    buf_init(&form, GCP_REQUEST_MAX);
    buf_init(&body, ANSWER_MAX);
    buf_reserve(&form, GCP_REQUEST_MAX);
    why = gcp_token_request(&account, clock_wall_us(), &form);
    if (why) {
        fail(o, E_CREDENTIAL, BROKEN_US, why);
    } else {
        const struct fetch_request q = {
            .url = arena_strdup(o->arena, account.token_url),
            .content_type = "application/x-www-form-urlencoded",
            .body = buf_str(&form),
            .ca_file = t->o.ca_file && *t->o.ca_file ? t->o.ca_file : NULL,
            .connect_ms = t->o.connect_ms,
            .total_ms = FETCH_MS,
            .stop = &t->stop,
        };
        struct fetch_answer a = fetch_post(&q, &body);
        judge(o, &a, buf_str(&body));
    }
    wipe_buf(&form);
    wipe_buf(&body);
}

static int64_t less(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Keeps a new token; its life is counted from before it was asked for. */
static void keep(struct token_entry *e, const struct outcome *o, int64_t asked_us)
{
    int64_t life = o->lifetime_s * SECOND_US;
    e->err = E_OK;
    e->why[0] = '\0';
    e->ask_us = asked_us + life - less(AHEAD_US, life / 2);
    token_entry_put(e, secret_new(o->token.p, o->token.len),
                    asked_us + life - less(MARGIN_US, life / 10));
}

static void keep_failure(struct token_entry *e, const struct outcome *o)
{
    e->err = o->err;
    (void)snprintf(e->why, sizeof e->why, "%s", o->why);
    e->ask_us = clock_mono_us() + o->again_us;
    log_event(LOG_WARN, "token_not_fetched", LOG_ID("provider_key", e->name.key),
              LOG_ID("organisation", e->name.organisation), LOG_S("error", err_code(o->err)),
              LOG_S("why", e->why));
}

static void run(struct pool_job *job, void *arg)
{
    struct share *s = arg;
    struct token_job *j = container_of(job, struct token_job, job);
    CHECK(s->tokens, TOKENS_MAGIC);
    int64_t now_us = clock_mono_us();
    struct token_entry *e = token_table_get(&s->table, &j->name, now_us);
    if (now_us >= e->ask_us) {
        struct outcome o = {.arena = arena_new(4096)};
        fetch(s->tokens, j, &o);
        if (o.err == E_OK)
            keep(e, &o, now_us);
        else
            keep_failure(e, &o);
        arena_free(o.arena);
    }
    j->ask_us = e->ask_us;
    j->err = e->err;
    (void)snprintf(j->why, sizeof j->why, "%s", e->why);
    if (token_entry_good(e, clock_mono_us())) {
        struct str token = secret_view(e->token);
        j->token = secret_new(token.p, token.len);
        j->expires_us = e->expires_us;
    }
}

struct tokens *tokens_new(const struct tokens_options *o)
{
    struct tokens *t = xcalloc(1, sizeof *t);
    *t = (struct tokens){.magic = TOKENS_MAGIC, .o = *o};
    t->url = o->url && *o->url ? str_of(o->url) : STR(GCP_TOKEN_URL);
    crypto_shorthash_keygen(t->hash_key);
    for (size_t i = 0; i < THREADS; i++) {
        t->share[i].tokens = t;
        token_table_init(&t->share[i].table);
        t->share[i].pool = pool_new(QUESTIONS_MAX, NULL, NULL, &t->share[i]);
    }
    return t;
}

void tokens_stop(struct tokens *t)
{
    CHECK(t, TOKENS_MAGIC);
    atomic_store_explicit(&t->stop, true, memory_order_relaxed);
}

void tokens_free(struct tokens *t)
{
    if (!t)
        return;
    tokens_stop(t);
    for (size_t i = 0; i < THREADS; i++) {
        pool_free(t->share[i].pool);
        token_table_fini(&t->share[i].table);
    }
    t->magic = 0;
    xfree(t);
}

void tokens_hash(const struct tokens *t, struct str credential, uint8_t out[8])
{
    CHECK(t, TOKENS_MAGIC);
    (void)crypto_shorthash(out, (const unsigned char *)credential.p, credential.len, t->hash_key);
}

bool tokens_post(struct tokens *t, struct pool_port *port, struct token_job *j)
{
    CHECK(t, TOKENS_MAGIC);
    j->job.run = run;
    return pool_post(t->share[j->name.credential[1] % THREADS].pool, port, &j->job);
}
