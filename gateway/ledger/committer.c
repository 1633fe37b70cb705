/* One batch, one transaction, until it stands. Runs on the ledger's writer thread (or the only one
 * of `drain`). What counts twice is prevented twice: the watermark moves with the rows, and only
 * rows that were really inserted are added to the sums.
 */
#include "gateway/ledger/committer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/metrics.h"
#include "gateway/failpoint.h"
#include "gateway/ledger/labels.h"
#include "gateway/ledger/refused.h"
#include "gateway/ledger/rollup.h"
#include "gateway/store/label_store.h"

enum { STATEMENT_TIMEOUT_MS = 30000, BACKOFF_LEAST_MS = 50, BACKOFF_MOST_MS = 5000 };
enum { DAYS_KNOWN = 64, DAYS_AHEAD = 8 };

/* What a failed try means. */
enum verdict {
    VERDICT_OK,
    VERDICT_AGAIN, /* nothing is wrong with the rows: wait and repeat */
    VERDICT_DATA,  /* PostgreSQL refuses what a row holds */
};

struct committer {
    struct committer_options options;
    char *url;
    char host[64];
    struct refused refused;
    struct pg *pg;
    struct labels labels;
    struct rollup rollup;
    struct tally inserted;   /* ids of the rows that an insert really added */
    int64_t day[DAYS_KNOWN]; /* whose partitions were made sure of */
    size_t n_days;
    int64_t backoff_ms;
    int failures;
    int64_t n_rows, n_refused;
    char error[256];
    _Atomic int64_t last_ok_us; /* monotonic; 0: never */
    _Atomic bool stop;
    _Atomic int64_t deadline_us;
    pthread_mutex_t lock; /* of `fd` and for `wake` */
    pthread_cond_t wake;
    int fd; /* of the connection, -1 */
};

struct committer *committer_new(const struct committer_options *o)
{
    struct committer *c = xcalloc(1, sizeof *c);
    pthread_condattr_t attr;
    c->options = *o;
    c->url = xstrdup(o->database_url);
    c->options.database_url = c->url;
    c->refused = (struct refused){.dir_fd = o->dir_fd, .run_id = o->run_id};
    c->fd = -1;
    c->backoff_ms = BACKOFF_LEAST_MS;
    (void)gethostname(c->host, sizeof c->host - 1);
    labels_init(&c->labels);
    rollup_init(&c->rollup);
    tally_init(&c->inserted, sizeof(struct uuid), sizeof(struct uuid));
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->wake, &attr);
    pthread_condattr_destroy(&attr);
    return c;
}

static void set_fd(struct committer *c, int fd)
{
    pthread_mutex_lock(&c->lock);
    c->fd = fd;
    pthread_mutex_unlock(&c->lock);
}

static void disconnect(struct committer *c)
{
    set_fd(c, -1);
    pg_close(c->pg);
    c->pg = NULL;
}

void committer_free(struct committer *c)
{
    if (!c)
        return;
    disconnect(c);
    labels_fini(&c->labels);
    rollup_fini(&c->rollup);
    tally_fini(&c->inserted);
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->lock);
    xfree(c->url);
    xfree(c);
}

/* ---------------------------------------------------------------- stopping and waiting */

bool committer_stopping(const struct committer *c)
{
    return atomic_load(&c->stop);
}

bool committer_expired(const struct committer *c)
{
    return atomic_load(&c->stop) && clock_mono_us() >= atomic_load(&c->deadline_us);
}

void committer_stop(struct committer *c, int64_t deadline_ms)
{
    pthread_mutex_lock(&c->lock);
    atomic_store(&c->deadline_us, clock_mono_us() + deadline_ms * 1000);
    atomic_store(&c->stop, true);
    pthread_cond_broadcast(&c->wake);
    pthread_mutex_unlock(&c->lock);
}

void committer_break(struct committer *c)
{
    pthread_mutex_lock(&c->lock);
    if (c->fd >= 0)
        shutdown(c->fd, SHUT_RDWR);
    pthread_mutex_unlock(&c->lock);
}

void committer_wait(struct committer *c, int64_t ms)
{
    int64_t end_us = clock_mono_us() + ms * 1000;
    struct timespec end = {.tv_sec = (time_t)(end_us / 1000000),
                           .tv_nsec = (long)(end_us % 1000000 * 1000)};
    pthread_mutex_lock(&c->lock);
    while (!atomic_load(&c->stop) && clock_mono_us() < end_us)
        pthread_cond_timedwait(&c->wake, &c->lock, &end);
    pthread_mutex_unlock(&c->lock);
}

int64_t committer_lag_ms(const struct committer *c)
{
    int64_t last_us = atomic_load(&c->last_ok_us);
    return last_us == 0 ? -1 : (clock_mono_us() - last_us) / 1000;
}

int64_t committer_rows(const struct committer *c)
{
    return c->n_rows;
}

int64_t committer_refused(const struct committer *c)
{
    return c->n_refused;
}

const char *committer_error(const struct committer *c)
{
    return c->error;
}

/* ---------------------------------------------------------------- one try */

static enum pg_err connect_now(struct committer *c)
{
    if (c->pg && pg_alive(c->pg))
        return PG_OK;
    disconnect(c);
    labels_reset(&c->labels); /* it may be another server, restored from an older state */
    c->n_days = 0;
    c->pg = pg_connect(c->url, "doteb-gateway ledger", STATEMENT_TIMEOUT_MS, c->error);
    if (!c->pg)
        return PG_LOST;
    set_fd(c, pg_fd(c->pg));
    enum pg_err err = request_store_prepare(c->pg);
    if (err == PG_OK)
        err = rollup_store_prepare(c->pg);
    if (err == PG_OK)
        err = label_store_prepare(c->pg);
    if (err == PG_OK)
        err = gateway_store_seen(c->pg, c->options.gateway_id, str_of(c->host), STR(DOTEB_VERSION));
    if (err != PG_OK) { /* half prepared it is of no use: a table may come with a migration */
        (void)snprintf(c->error, sizeof c->error, "%.255s", pg_error(c->pg));
        disconnect(c);
    }
    return err;
}

/* The error's SQLSTATE class stands at the beginning of pg_error. */
static enum verdict judge(struct committer *c, enum pg_err err)
{
    if (err == PG_OK)
        return VERDICT_OK;
    if (c->pg)
        (void)snprintf(c->error, sizeof c->error, "%.255s", pg_error(c->pg));
    if (err != PG_INVALID && err != PG_CONFLICT && err != PG_MISSING)
        return VERDICT_AGAIN;
    struct str state = str_of(c->error);
    bool data = str_starts(state, STR("22")) || str_starts(state, STR("23")) ||
                str_starts(state, STR("54"));
    return data ? VERDICT_DATA : VERDICT_AGAIN;
}

static bool day_known(const struct committer *c, int64_t day_us)
{
    for (size_t i = 0; i < c->n_days; i++)
        if (c->day[i] == day_us)
            return true;
    return false;
}

static void know_day(struct committer *c, int64_t day_us)
{
    if (c->n_days == DAYS_KNOWN)
        c->n_days = 0;
    c->day[c->n_days++] = day_us;
}

/* Partitions of the rows' days; of today also those of the week ahead. */
static enum pg_err ensure_days(struct committer *c, const struct batch_row *rows, size_t n)
{
    int64_t today_us = rollup_day_us(clock_wall_us());
    for (size_t i = 0; i < n; i++) {
        int64_t day_us = rollup_day_us(rows[i].row.created_us);
        if (rows[i].bad || day_known(c, day_us))
            continue;
        enum pg_err err = request_store_ensure_days(c->pg, day_us,
                                                    day_us == today_us ? DAYS_AHEAD : 1);
        if (err != PG_OK)
            return err;
        know_day(c, day_us);
    }
    return PG_OK;
}

/* Marks the rows that were really inserted. */
static void match_inserted(struct committer *c, struct batch_row *rows, size_t n, size_t good,
                           const struct pg_result *ids)
{
    bool all = pg_rows(ids) == good;
    tally_reset(&c->inserted);
    for (size_t i = 0; !all && i < pg_rows(ids); i++) {
        struct uuid id = pg_uuid(ids, i, 0);
        tally_at(&c->inserted, &id);
    }
    for (size_t i = 0; i < n; i++)
        rows[i].inserted = !rows[i].bad &&
                           (all || tally_has(&c->inserted, &rows[i].row.request_id));
}

static enum pg_err insert_rows(struct committer *c, struct batch_row *rows, size_t n)
{
    struct pg_result *ids = NULL;
    size_t good = 0;
    const struct request_row **list = xcalloc(n, sizeof *list);
    for (size_t i = 0; i < n; i++)
        if (!rows[i].bad)
            list[good++] = &rows[i].row;
    enum pg_err err = good > 0 ? request_store_insert(c->pg, list, good, &ids) : PG_OK;
    xfree(list);
    if (err != PG_OK || good == 0)
        return err;
    match_inserted(c, rows, n, good, ids);
    pg_result_free(ids);
    rollup_reset(&c->rollup);
    for (size_t i = 0; i < n; i++) {
        int64_t capped[CAPPED];
        if (!rows[i].inserted)
            continue;
        labels_capped(&c->labels, &rows[i].row, capped);
        rollup_add(&c->rollup, &rows[i].row, rows[i].tag_label, capped);
    }
    return rollup_write(&c->rollup, c->pg);
}

static enum pg_err transaction(struct committer *c, struct batch_row *rows, size_t n,
                               const struct watermark *marks, size_t n_marks)
{
    enum pg_err err = connect_now(c);
    if (err == PG_OK)
        err = ensure_days(c, rows, n);
    if (err == PG_OK)
        err = labels_resolve(&c->labels, c->pg, rows, n);
    if (err == PG_OK)
        err = pg_begin(c->pg);
    if (err == PG_OK)
        err = labels_admit(&c->labels, c->pg, rows, n);
    if (err == PG_OK)
        err = insert_rows(c, rows, n);
    if (err == PG_OK)
        err = gateway_store_advance(c->pg, c->options.gateway_id, marks, n_marks);
    if (err == PG_OK && failpoint_hit("ledger.before_commit"))
        err = PG_RETRY;
    if (err == PG_OK)
        err = pg_commit(c->pg);
    (void)failpoint_hit("ledger.after_commit");
    return err;
}

static enum verdict try_rows(struct committer *c, struct batch_row *rows, size_t n,
                             const struct watermark *marks, size_t n_marks)
{
    enum verdict v = judge(c, transaction(c, rows, n, marks, n_marks));
    if (v != VERDICT_OK) {
        metrics_add(M_LEDGER_FAILURES, 1);
        if (c->pg)
            pg_rollback(c->pg);
        labels_reset(&c->labels);
        c->n_days = 0; /* a partition may have been dropped */
        return v;
    }
    int64_t inserted = 0;
    for (size_t i = 0; i < n; i++)
        inserted += !rows[i].bad && rows[i].inserted;
    c->n_rows += inserted;
    metrics_add(M_LEDGER_ROWS, inserted);
    return v;
}

/* ---------------------------------------------------------------- until it stands */

static void succeeded(struct committer *c)
{
    if (c->failures > 0)
        log_event(LOG_INFO, "ledger_writes_again", LOG_I("failures", c->failures));
    c->failures = 0;
    c->backoff_ms = BACKOFF_LEAST_MS;
    atomic_store(&c->last_ok_us, clock_mono_us());
}

/* After a failure: false if it is time to give up, else it has waited. */
static bool wait_to_retry(struct committer *c)
{
    c->failures++;
    if (c->failures == 1 || c->failures % 20 == 0)
        log_event(LOG_ERROR, "ledger_write_failed", LOG_I("failures", c->failures),
                  LOG_S("reason", c->error));
    if (c->options.failures_most > 0 && c->failures >= c->options.failures_most)
        return false;
    if (committer_expired(c))
        return false;
    if (committer_stopping(c))
        usleep(BACKOFF_LEAST_MS * 1000);
    committer_wait(c, c->backoff_ms);
    c->backoff_ms = c->backoff_ms * 2 < BACKOFF_MOST_MS ? c->backoff_ms * 2 : BACKOFF_MOST_MS;
    return true;
}

static bool refuse(struct committer *c, struct str open_bytes, struct str close_bytes,
                   const char *why)
{
    while (!refused_keep(&c->refused, open_bytes, close_bytes, why)) {
        (void)snprintf(c->error, sizeof c->error, "the file of refused records cannot be written");
        if (!wait_to_retry(c))
            return false;
    }
    c->n_refused++;
    return true;
}

bool committer_refuse(struct committer *c, struct str bytes, const char *why)
{
    return refuse(c, bytes, STR(""), why);
}

/* Tries until the verdict is about the rows: OK or DATA. False: given up. */
static bool settle(struct committer *c, struct batch_row *rows, size_t n,
                   const struct watermark *marks, size_t n_marks, enum verdict *v)
{
    bool repeated = false;
    for (;;) {
        *v = try_rows(c, rows, n, marks, n_marks);
        if (*v == VERDICT_OK)
            succeeded(c);
        /* The first refusal may come from a partition that was dropped meanwhile. */
        if (*v == VERDICT_OK || (*v == VERDICT_DATA && repeated))
            return true;
        if (*v == VERDICT_DATA)
            repeated = true;
        else if (!wait_to_retry(c))
            return false;
    }
}

/* Halves the rows until what PostgreSQL refuses stands alone. */
static bool sift(struct committer *c, struct batch_row *rows, size_t n)
{
    enum verdict v;
    if (n == 0)
        return true;
    if (!settle(c, rows, n, NULL, 0, &v))
        return false;
    if (v == VERDICT_OK)
        return true;
    if (n > 1)
        return sift(c, rows, n / 2) && sift(c, rows + n / 2, n - n / 2);
    rows->bad = true;
    return refuse(c, rows->open_bytes, rows->close_bytes, c->error);
}

bool committer_commit(struct committer *c, struct batch *b)
{
    enum verdict v;
    for (size_t i = 0; i < b->n; i++)
        if (b->row[i].bad &&
            !refuse(c, b->row[i].open_bytes, b->row[i].close_bytes, "the record cannot be read"))
            return false;
    if (!settle(c, b->row, b->n, b->mark, b->n_marks, &v))
        return false;
    if (v == VERDICT_OK)
        return true;
    if (!sift(c, b->row, b->n))
        return false;
    while (settle(c, NULL, 0, b->mark, b->n_marks, &v)) {
        if (v == VERDICT_OK)
            return true;
        if (!wait_to_retry(c))
            return false;
    }
    return false;
}

bool committer_watermarks(struct committer *c, struct pg_result **out)
{
    for (;;) {
        enum pg_err err = connect_now(c);
        if (err == PG_OK)
            err = gateway_store_watermarks(c->pg, c->options.gateway_id, out);
        if (judge(c, err) == VERDICT_OK) {
            succeeded(c);
            return true;
        }
        metrics_add(M_LEDGER_FAILURES, 1);
        if (!wait_to_retry(c))
            return false;
    }
}

bool committer_idle(struct committer *c, uint64_t *deleted, size_t n)
{
    enum pg_err err = connect_now(c);
    if (err == PG_OK)
        err = gateway_store_seen(c->pg, c->options.gateway_id, str_of(c->host), STR(DOTEB_VERSION));
    if (err == PG_OK)
        err = gateway_store_forget(c->pg, c->options.gateway_id, c->options.run_id, deleted, n);
    xfree(deleted); /* what could not be forgotten goes with the run, at the next start */
    if (judge(c, err) != VERDICT_OK)
        return false;
    succeeded(c);
    return true;
}

bool committer_forget_runs(struct committer *c)
{
    enum pg_err err = connect_now(c);
    if (err == PG_OK)
        err = gateway_store_forget_runs(c->pg, c->options.gateway_id, c->options.run_id);
    return judge(c, err) == VERDICT_OK;
}
