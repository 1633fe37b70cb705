/* The feeding thread: looks at sessions, asks for new rows, hands them out. It has a connection of
 * its own; when that is lost nothing is handed out until it is back and the sessions were seen.
 */
#include <sodium.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "control/live_priv.h"
#include "control/store/session_store.h"

enum {
    POLL_MS = 1000,
    CHECK_US = 2000 * 1000,
    LINGER_US = 60000 * 1000, /* a feed without viewers: somebody may come back */
    STATEMENT_MS = 5000,
};
/* A request is written when it ends: one that began longer ago comes with the list only. */
static const int64_t WINDOW_US = INT64_C(15) * 60 * 1000000;

static void forget_event(struct event *e)
{
    xfree(e->json);
    xfree(e->names);
    *e = (struct event){0};
}

static void keep_event(struct feed *f, const struct pg_result *r, size_t row)
{
    struct str json = pg_str(r, row, 0);
    struct request_facts facts = request_store_facts(r, row);
    struct event *e = &f->ring[++f->last % LIVE_RING];
    if (f->last >= f->first + LIVE_RING)
        f->first = f->last - LIVE_RING + 1;
    forget_event(e);
    e->json = live_copy(json);
    e->len = json.len;
    e->names = xmalloc(facts.model.len + facts.provider.len + 1);
    memcpy(e->names, facts.model.p, facts.model.len);
    memcpy(e->names + facts.model.len, facts.provider.p, facts.provider.len);
    facts.model.p = e->names;
    facts.provider.p = e->names + facts.model.len;
    e->facts = facts;
}

static void remember(struct feed *f, struct uuid id)
{
    f->known[f->n_known++ % LIVE_KNOWN] = id;
}

/* Under the lock. Rows as they came; or, where they are more than one poll can bring, the advice
 * to read the list anew. */
static void publish(struct live *l, struct feed *f, const struct pg_result *r)
{
    bool gap = f->primed && pg_rows(r) == LIVE_ROWS && f->n_known > 0;
    uint64_t before = f->last;
    for (size_t i = 0; i < pg_rows(r); i++) {
        remember(f, request_store_facts(r, i).id);
        if (f->primed && !gap)
            keep_event(f, r, i);
    }
    if (gap)
        f->first = ++f->last + 1;
    for (struct live_viewer *v = l->viewers; v; v = v->next) {
        if (v->feed != f || v->ended)
            continue;
        if (gap || !v->greeted)
            live_say_reload(v);
        for (uint64_t n = before + 1; !gap && f->primed && n <= f->last; n++)
            live_say_row(v, n);
    }
    f->primed = true;
}

static bool poll_feed(struct live *l, struct feed *f, struct pg *pg)
{
    struct buf known;
    struct pg_result *r = NULL;
    char text[UUID_TEXT_LEN + 1];
    size_t n = f->n_known < LIVE_KNOWN ? f->n_known : LIVE_KNOWN;
    buf_init(&known, (size_t)LIVE_KNOWN * (UUID_TEXT_LEN + 1) + 2);
    (void)buf_add_char(&known, '{');
    for (size_t i = 0; i < n; i++) {
        uuid_format(f->known[i], text);
        (void)buf_printf(&known, "%s%s", i ? "," : "", text);
    }
    (void)buf_add_char(&known, '}');
    enum pg_err e = request_store_newest(pg, f->organisation, clock_wall_us() - WINDOW_US,
                                         buf_str(&known), LIVE_ROWS, &r);
    buf_fini(&known);
    if (e == PG_OK) {
        (void)pthread_mutex_lock(&l->lock);
        publish(l, f, r);
        (void)pthread_mutex_unlock(&l->lock);
    }
    pg_result_free(r);
    return e == PG_OK;
}

void live_feed_free(struct feed *f)
{
    for (size_t i = 0; i < LIVE_RING; i++)
        forget_event(&f->ring[i]);
    xfree(f);
}

/* Under the lock. */
static void drop_idle_feeds(struct live *l)
{
    int64_t now_us = clock_mono_us();
    for (struct feed **at = &l->feeds; *at;) {
        struct feed *f = *at;
        if (f->viewers || now_us - f->idle_since_us < LINGER_US) {
            at = &f->next;
            continue;
        }
        *at = f->next;
        live_feed_free(f);
    }
}

/* Under the lock: the pairs to look at, and whose they are. */
static uint64_t *list_pairs(const struct live *l, struct buf *hashes, struct buf *organisations)
{
    char hex[2 * LIVE_HASH_BYTES + 1], text[UUID_TEXT_LEN + 1];
    uint64_t *numbers = xcalloc(l->n_viewers + 1, sizeof *numbers);
    size_t n = 0;
    (void)buf_add_char(hashes, '{');
    (void)buf_add_char(organisations, '{');
    for (const struct live_viewer *v = l->viewers; v; v = v->next) {
        (void)sodium_bin2hex(hex, sizeof hex, v->session_hash, LIVE_HASH_BYTES);
        uuid_format(v->feed->organisation, text);
        (void)buf_printf(hashes, "%s%s", n ? "," : "", hex);
        (void)buf_printf(organisations, "%s%s", n ? "," : "", text);
        numbers[n++] = v->number;
    }
    (void)buf_add_char(hashes, '}');
    (void)buf_add_char(organisations, '}');
    return numbers;
}

static void end_number(struct live *l, uint64_t number)
{
    for (struct live_viewer *v = l->viewers; v; v = v->next)
        if (v->number == number)
            live_end(v);
}

/* Ends the streams of those who may not look any more. False: that is not known. */
static bool check_viewers(struct live *l, struct pg *pg)
{
    struct buf hashes, organisations;
    struct pg_result *r = NULL;
    buf_init(&hashes, 64 << 20);
    buf_init(&organisations, 64 << 20);
    (void)pthread_mutex_lock(&l->lock);
    uint64_t *numbers = list_pairs(l, &hashes, &organisations);
    (void)pthread_mutex_unlock(&l->lock);
    enum pg_err e = session_store_shut(pg, buf_str(&hashes), buf_str(&organisations), &r);
    if (e == PG_OK) {
        (void)pthread_mutex_lock(&l->lock);
        for (size_t i = 0; i < pg_rows(r); i++)
            end_number(l, numbers[pg_i64(r, i, 0) - 1]);
        (void)pthread_mutex_unlock(&l->lock);
    }
    pg_result_free(r);
    xfree(numbers);
    buf_fini(&hashes);
    buf_fini(&organisations);
    return e == PG_OK;
}

static bool feed_all(struct live *l, struct pg *pg)
{
    int64_t now_us = clock_mono_us();
    if (now_us - l->check_us >= CHECK_US) {
        if (!check_viewers(l, pg))
            return false;
        l->check_us = now_us;
    }
    (void)pthread_mutex_lock(&l->lock);
    drop_idle_feeds(l);
    struct feed *f = l->feeds;
    (void)pthread_mutex_unlock(&l->lock);
    bool ok = true;
    for (; f && pg_alive(pg); f = f->next) /* one that fails does not keep the others waiting */
        ok = poll_feed(l, f, pg) && ok;
    return ok;
}

/* False: stop. Without feeds there is nothing to ask for. */
static bool wait_next(struct live *l)
{
    struct timespec until;
    int64_t at_us = clock_mono_us() + POLL_MS * INT64_C(1000);
    until.tv_sec = (time_t)(at_us / 1000000);
    until.tv_nsec = (long)(at_us % 1000000) * 1000;
    (void)pthread_mutex_lock(&l->lock);
    while (!l->stop && !l->hurry &&
           (l->feeds ? pthread_cond_timedwait(&l->more, &l->lock, &until)
                     : pthread_cond_wait(&l->more, &l->lock)) == 0)
        ;
    l->hurry = false;
    bool stop = l->stop;
    (void)pthread_mutex_unlock(&l->lock);
    return !stop;
}

void *live_feed_main(void *arg)
{
    struct live *l = arg;
    struct pg *pg = NULL;
    char err[256] = "";
    while (wait_next(l)) {
        if (!pg || !pg_alive(pg)) {
            pg_close(pg);
            pg = pg_connect(l->database_url, "doteb-control live", STATEMENT_MS, err);
            if (!pg)
                log_event(LOG_WARN, "database_unreachable", LOG_S("error", err));
        }
        if (pg && !feed_all(l, pg))
            log_event(LOG_WARN, "live_feed_failed", LOG_S("error", pg_error(pg)));
        (void)pthread_mutex_lock(&l->lock);
        for (struct live_viewer *v = l->viewers; v; v = v->next)
            live_beat(v);
        (void)pthread_mutex_unlock(&l->lock);
        l->o.wake(l->o.arg);
    }
    pg_close(pg);
    return NULL;
}
