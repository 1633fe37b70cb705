/* Asking for stored answers: the worker's side posts jobs to a pool and hears back through its
 * port; the thread's side runs SQL, seals and opens. */
#include "gateway/request_archive.h"

#include <sodium.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "gateway/pool.h"
#include "gateway/store/response_store.h"
#include "gateway/wire/json_scan.h"

enum {
    ARCHIVE_MAGIC = 0x61726368,
    JOBS_MAX = 256,
    ITEMS_ANSWERS_MAX = 128,
    STATEMENT_MS = 2000,
    CONNECT_AGAIN_US = 1000 * 1000,
    HASH_BYTES = 16,
};

struct archive {
    uint32_t magic;
    struct pool *pool;
    const char *database_url;
    const struct master_keys *keys;
    struct pg *pg; /* the thread's */
    int64_t connect_after_us;
};

struct archive_job {
    struct pool_job job;
    struct req *r;       /* NULL: nobody waits any more */
    struct arena *arena; /* owned: everything below */
    enum archive_what what;
    struct response_key key;
    struct str previous, plain, item_ids, data_key_sealed;
    enum archive_result result;
    struct archive_contents *found;
    size_t n;
};

/* ------------------------------------------------------------------ the thread */

static struct pg *connection(struct archive *a)
{
    char err[256];
    if (a->pg && pg_alive(a->pg))
        return a->pg;
    pg_close(a->pg);
    a->pg = NULL;
    int64_t now = clock_mono_us();
    if (now < a->connect_after_us)
        return NULL;
    a->pg = pg_connect(a->database_url, "doteb-gateway answers", STATEMENT_MS, err);
    if (!a->pg) {
        a->connect_after_us = clock_mono_us() + CONNECT_AGAIN_US;
        log_event(LOG_WARN, "archive_no_database", LOG_S("error", err));
    }
    return a->pg;
}

static struct crypto_aad aad_of(const struct archive_job *j, struct str id)
{
    uint8_t hash[HASH_BYTES];
    crypto_generichash(hash, sizeof hash, (const uint8_t *)id.p, id.len, NULL, 0);
    return aad_response(j->key.organisation_id, hash);
}

/* Returns owned, or NULL. */
static struct secret *data_key(const struct archive *a, const struct archive_job *j)
{
    struct crypto_aad aad = aad_data_key(j->key.organisation_id);
    struct secret *key = master_open(a->keys, j->data_key_sealed, str_make(aad.p, aad.len));
    if (key && secret_view(key).len == CRYPTO_KEY_BYTES)
        return key;
    secret_free(key);
    return NULL;
}

static enum pg_err put(struct archive_job *j, struct pg *pg, const struct secret *key)
{
    struct crypto_aad aad = aad_of(j, j->key.id);
    size_t len = j->plain.len + CRYPTO_SEAL_OVERHEAD;
    uint8_t *sealed = arena_alloc(j->arena, len);
    data_seal(key, j->plain, str_make(aad.p, aad.len), sealed);
    return response_store_put(pg, &j->key, j->previous, j->item_ids,
                              str_make((const char *)sealed, len));
}

/* Finds the two members of what was kept. */
static bool split(struct str text, struct archive_contents *out)
{
    struct json_scan s;
    json_scan_init(&s, text, false);
    if (json_scan_next(&s) != JSON_OBJECT_BEGIN)
        return false;
    while (json_scan_next(&s) == JSON_KEY) {
        struct str *to = json_scan_is(&s, STR("items")) ? &out->items : &out->response;
        *to = json_scan_value(&s, json_scan_next(&s));
    }
    return out->items.len > 0 && out->response.len > 0;
}

static bool open_row(struct archive_job *j, const struct secret *key,
                     const struct response_row *row, struct archive_contents *out)
{
    if (row->sealed.len < CRYPTO_SEAL_OVERHEAD)
        return false;
    struct crypto_aad aad = aad_of(j, row->id);
    size_t len = row->sealed.len - CRYPTO_SEAL_OVERHEAD;
    uint8_t *plain = arena_alloc(j->arena, len + 1);
    return data_open_into(key, row->sealed, str_make(aad.p, aad.len), plain) &&
           split(str_make((const char *)plain, len), out);
}

static enum pg_err get(struct archive_job *j, struct pg *pg, const struct secret *key)
{
    struct response_row *rows = NULL;
    size_t max = j->what == ARCHIVE_GET ? 1 : RESPONSE_CHAIN_MAX;
    enum pg_err err = j->what == ARCHIVE_ITEMS
                          ? response_store_items(pg, &j->key, ITEMS_ANSWERS_MAX, j->arena, &rows,
                                                 &j->n)
                          : response_store_chain(pg, &j->key, max, j->arena, &rows, &j->n);
    if (err != PG_OK || j->n == 0) {
        j->result = ARCHIVE_NONE;
        return err;
    }
    j->found = arena_calloc(j->arena, j->n, sizeof *j->found);
    for (size_t i = 0; i < j->n; i++)
        if (!open_row(j, key, &rows[i], &j->found[i]))
            j->result = ARCHIVE_UNAVAILABLE;
    return PG_OK;
}

static enum pg_err remove_one(struct archive_job *j, struct pg *pg)
{
    bool found = false;
    enum pg_err err = response_store_delete(pg, &j->key, &found);
    j->result = found ? ARCHIVE_OK : ARCHIVE_NONE;
    return err;
}

static void run(struct pool_job *job, void *arg)
{
    struct archive *a = arg;
    struct archive_job *j = container_of(job, struct archive_job, job);
    CHECK(a, ARCHIVE_MAGIC);
    struct pg *pg = connection(a);
    struct secret *key = pg ? data_key(a, j) : NULL;
    enum pg_err err = PG_LOST;
    j->result = ARCHIVE_OK;
    if (key && j->what == ARCHIVE_PUT)
        err = put(j, pg, key);
    else if (key && j->what == ARCHIVE_DELETE)
        err = remove_one(j, pg);
    else if (key)
        err = get(j, pg, key);
    secret_free(key);
    if (err == PG_OK)
        return;
    j->result = ARCHIVE_UNAVAILABLE;
    log_event(LOG_WARN, "archive_failed", LOG_S("error", pg ? pg_error(pg) : "no connection"));
}

static void end(void *arg)
{
    struct archive *a = arg;
    pg_close(a->pg);
    a->pg = NULL;
}

struct archive *archive_new(const char *database_url, const struct master_keys *keys)
{
    struct archive *a = xcalloc(1, sizeof *a);
    *a = (struct archive){.magic = ARCHIVE_MAGIC, .database_url = database_url, .keys = keys};
    a->pool = pool_new(JOBS_MAX, NULL, end, a);
    return a;
}

void archive_free(struct archive *a)
{
    if (!a)
        return;
    CHECK(a, ARCHIVE_MAGIC);
    pool_free(a->pool);
    a->magic = 0;
    xfree(a);
}

/* ------------------------------------------------------------------ the worker */

static void job_free(struct archive_job *j)
{
    arena_free(j->arena); /* the job lies in it */
}

static void done(struct pool_job *job)
{
    struct archive_job *j = container_of(job, struct archive_job, job);
    if (!j->r) {
        job_free(j);
        return;
    }
    CHECK(j->r, REQ_MAGIC);
    j->r->archive.answered = true;
    req_wake(j->r);
}

static void on_late(struct timer *t)
{
    struct req *r = container_of(t, struct req, archive.timer);
    CHECK(r, REQ_MAGIC);
    if (r->archive.job)
        r->archive.job->r = NULL;
    r->archive.job = NULL;
    r->archive.answered = true;
    req_wake(r);
}

static struct str both(const struct archive_contents *c, struct arena *a)
{
    static const char form[] = "{\"items\":,\"response\":}";
    size_t max = c->items.len + c->response.len + sizeof form;
    struct buf b;
    buf_init(&b, max);
    buf_add_lit(&b, "{\"items\":");
    buf_add_str(&b, c->items);
    buf_add_lit(&b, ",\"response\":");
    buf_add_str(&b, c->response);
    ASSERT(buf_add_char(&b, '}'));
    struct str text = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return text;
}

void archive_ask(struct req *r, enum archive_what what, struct str id, struct str previous,
                 const struct archive_contents *contents)
{
    struct engine *e = r->engine;
    ASSERT(!r->archive.job);
    struct arena *a = arena_new(1024);
    struct archive_job *j = ARENA_NEW(a, struct archive_job);
    *j = (struct archive_job){
        .job = {.run = run, .done = done},
        .r = r,
        .arena = a,
        .what = what,
        .key = {r->who.key.organisation_id, r->who.key.project_id, arena_str(a, id)},
        .previous = arena_str(a, previous),
        .plain = contents ? both(contents, a) : STR(""),
        .item_ids = contents ? arena_str(a, contents->item_ids) : STR("[]"),
        .data_key_sealed = arena_str(a, r->who.project->data_key_sealed),
    };
    r->archive.answered = false;
    r->archive.job = j;
    r->archive.timer.fn = on_late;
    timer_set(&e->timers, &r->archive.timer, clock_mono_us() + ARCHIVE_WAIT_MS * 1000);
    if ((what == ARCHIVE_ITEMS || id.len <= RESPONSE_ID_MAX) &&
        pool_post(e->archive->pool, e->port, &j->job))
        return;
    job_free(j);
    r->archive.job = NULL;
    r->archive.answered = true;
    req_wake(r);
}

bool archive_answered(const struct req *r)
{
    return r->archive.answered;
}

static void free_job(void *arg)
{
    job_free(arg);
}

enum archive_result archive_take(struct req *r, struct archive_contents **found, size_t *n)
{
    struct archive_job *j = r->archive.job;
    timer_cancel(&r->engine->timers, &r->archive.timer);
    r->archive.job = NULL;
    r->archive.answered = false;
    if (!j)
        return ARCHIVE_UNAVAILABLE;
    arena_defer(r->arena, free_job, j); /* what was found lives as long as the request */
    if (found) {
        *found = j->found;
        *n = j->n;
    }
    return j->result;
}

void archive_forget(struct req *r)
{
    timer_cancel(&r->engine->timers, &r->archive.timer);
    if (!r->archive.job)
        return;
    if (r->archive.answered)
        job_free(r->archive.job);
    else
        r->archive.job->r = NULL;
    r->archive.job = NULL;
}
