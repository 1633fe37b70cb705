/* The loader thread: listens for changes, reads what changed, publishes snapshots.
 *
 * A notification only says "look now"; what is new is found by comparing transaction snapshots, so
 * a lost notification or connection, or commits out of order, cost time and never a change. Without
 * PostgreSQL the last snapshot goes on serving. Touches no request.
 */
#include "gateway/snapshot/loader.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/metrics.h"
#include "gateway/snapshot/publish.h"
#include "gateway/snapshot/snapshot_priv.h"
#include "gateway/store/config_store.h"
#include "gateway/store/key_store.h"

enum {
    LOADER_MAGIC = 0x6c6f6164,
    STATEMENT_TIMEOUT_MS = 10000,
    CLOCK_WARN_S = 30,
    LOOK_GAP_US = 10 * 1000,   /* between looks, however many notifications come */
    BUILD_GAP_US = 50 * 1000,  /* between builds of the configuration */
    RETRY_MIN_US = 100 * 1000, /* between attempts to connect: doubles up to the maximum */
    RETRY_MAX_US = 5000 * 1000,
    REPEAT_LOG_US = 60 * 1000000,
    MERGE_AT = KEY_OVERLAY_MAX / 4 * 3, /* merges then, so that the next change need not wait */
    MERGES_MAX = 4, /* in one look; for more changes reading all keys is the shorter way */
};

struct loader {
    uint32_t magic;
    struct loader_options o;
    pthread_t thread;
    int wake_fd;
    atomic_bool stop;
    _Atomic int64_t fresh_us; /* monotonic time of the last good look, 0 never */
    struct publisher publisher;
    /* the thread's own */
    struct pg *pg;
    char *server; /* where `keys` came from */
    struct image *img;
    struct key_table *keys;
    char *config_seen, *keys_seen; /* transaction snapshots of the last reads */
    bool read_config, read_keys;   /* whole, on the next turn */
    bool changed;                  /* something to publish */
    bool refused;                  /* the configuration was read, but no image came of it */
    bool notified;
    uint64_t version;
    unsigned merges; /* of this look */
    int64_t looked_us, built_us, retry_gap_us, retry_us;
    char told[256]; /* the last failure logged, and when */
    int64_t told_us;
};

static bool stopping(const struct loader *l)
{
    return atomic_load_explicit(&l->stop, memory_order_relaxed);
}

/* Takes `text`. */
static void keep(char **where, char *text)
{
    xfree(*where);
    *where = text;
}

/* Says it once, and again after a while. */
static void tell(struct loader *l, const char *event, const char *why)
{
    int64_t now = clock_mono_us();
    if (strncmp(l->told, why, sizeof l->told - 1) == 0 && now - l->told_us < REPEAT_LOG_US)
        return;
    (void)snprintf(l->told, sizeof l->told, "%s", why);
    l->told_us = now;
    log_event(LOG_ERROR, event, LOG_S("why", why));
}

static void disconnect(struct loader *l)
{
    pg_close(l->pg);
    l->pg = NULL;
    l->retry_us = clock_mono_us() + l->retry_gap_us;
    l->retry_gap_us = l->retry_gap_us * 2 < RETRY_MAX_US ? l->retry_gap_us * 2 : RETRY_MAX_US;
}

/* A table, column or function that is not there: the schema is behind this gateway. */
static bool is_behind(const char *error)
{
    struct str text = str_of(error);
    return str_starts(text, STR("42P01:")) || str_starts(text, STR("42703:")) ||
           str_starts(text, STR("42883:"));
}

/* Any error but PG_OK ends the turn; what it wanted to do stays to be done. */
static void failed(struct loader *l, enum pg_err err)
{
    char why[512];
    (void)snprintf(why, sizeof why, "%s%.400s",
                   is_behind(pg_error(l->pg)) ? "run `doteb-control migrate`, this version's: "
                                              : "",
                   pg_error(l->pg));
    tell(l, err == PG_LOST ? "loader.database_lost" : "loader.failed", why);
    if (err == PG_LOST)
        disconnect(l);
    else
        metrics_add(M_SNAPSHOT_FAILURES, 1);
}

/* Requests are dated, and keys end, by this machine's clock: one that is wrong is said. */
static enum pg_err compare_clocks(struct loader *l)
{
    int64_t theirs, ours = clock_wall_us();
    enum pg_err err = config_store_now(l->pg, &theirs);
    if (err != PG_OK)
        return err;
    int64_t ahead_s = (ours - theirs) / 1000000;
    if (ahead_s > CLOCK_WARN_S || ahead_s < -CLOCK_WARN_S)
        log_event(LOG_WARN, "clock_differs", LOG_I("seconds_ahead_of_postgresql", ahead_s),
                  LOG_S("advice", "set this machine's clock, or PostgreSQL's: requests are dated "
                                  "and keys end by this one"));
    return PG_OK;
}

/* Everything that may have changed meanwhile is read again: the configuration whole, keys whole
 * only if this is another server (or an older state of it), since they may differ in any row. */
static enum pg_err greet(struct loader *l)
{
    char *server = NULL;
    enum pg_err err = config_store_listen(l->pg);
    if (err == PG_OK)
        err = compare_clocks(l);
    if (err == PG_OK)
        err = config_store_server(l->pg, &server);
    if (err != PG_OK)
        return err;
    l->read_config = true;
    if (!l->server || strcmp(l->server, server) != 0)
        l->read_keys = true;
    keep(&l->server, server);
    return PG_OK;
}

static bool connected(struct loader *l)
{
    char why[256];
    if (l->pg)
        return true;
    if (clock_mono_us() < l->retry_us)
        return false;
    l->pg = pg_connect(l->o.database_url, "doteb-gateway loader", STATEMENT_TIMEOUT_MS, why);
    if (!l->pg) {
        tell(l, "loader.no_database", why);
        disconnect(l);
        return false;
    }
    enum pg_err err = greet(l);
    if (err == PG_OK)
        return true;
    failed(l, err);
    if (l->pg)
        disconnect(l);
    return false;
}

/* Puts a new image in place of the old one. */
static bool build(struct loader *l, struct config_rows *rows)
{
    char why[128];
    struct image_context context = {
        .master = l->o.master_keys, .previous = l->img, .now_us = clock_wall_us()};
    if (rows->pepper_sealed.len == 0) {
        tell(l, "loader.waiting", "the database has no instance yet; doteb-control makes it");
        config_rows_fini(rows);
        return false;
    }
    struct image *img = image_build(rows, &context, why);
    if (!img) {
        metrics_add(M_SNAPSHOT_FAILURES, 1);
        tell(l, "loader.failed", why);
        return false;
    }
    image_log_problems(img, l->img);
    image_unref(l->img);
    l->img = img;
    return true;
}

static enum pg_err read_config(struct loader *l)
{
    struct config_rows rows;
    char *seen;
    enum pg_err err = config_store_read(l->pg, &rows, &seen);
    l->built_us = clock_mono_us();
    if (err != PG_OK)
        return err;
    l->refused = !build(l, &rows);
    if (l->refused) {
        xfree(seen); /* read_config stays set: the next turn tries again */
        return PG_OK;
    }
    keep(&l->config_seen, seen);
    l->read_config = false;
    l->changed = true;
    return PG_OK;
}

static struct key_entry entry_of(const struct key_row *row)
{
    struct key_entry e = {
        .organisation_id = row->organisation_id,
        .id = row->id,
        .project_id = row->project_id,
        .owner_id = row->owner_id,
        .expires_at_us = row->revoked    ? KEY_REVOKED
                         : row->disabled ? KEY_DISABLED
                                         : row->expires_at_us,
        .previous = row->previous,
    };
    memcpy(e.tag, row->hash, sizeof e.tag);
    return e;
}

struct key_load {
    const struct loader *loader;
    struct key_rows rows;
};

static bool take_key(void *arg, const struct key_row *row)
{
    struct key_load *load = arg;
    struct key_entry e = entry_of(row);
    if (row->restrictions.len)
        key_rows_restrict(&load->rows, row->restrictions, &e);
    key_rows_add(&load->rows, &e);
    return (load->rows.n & 1023) != 0 || !stopping(load->loader);
}

static enum pg_err read_keys(struct loader *l)
{
    struct key_load load = {.loader = l};
    char *seen;
    int64_t began = clock_mono_us();
    enum pg_err err = key_store_read(l->pg, take_key, &load, &seen);
    if (err != PG_OK || stopping(l)) {
        key_rows_fini(&load.rows);
        if (err == PG_OK)
            xfree(seen);
        return err;
    }
    keep(&l->keys_seen, seen);
    key_table_unref(l->keys);
    l->keys = key_table_new(&load.rows);
    l->read_keys = false;
    l->changed = true;
    log_event(LOG_INFO, "loader.keys_read", LOG_I("keys", key_table_len(l->keys)),
              LOG_I("ms", (clock_mono_us() - began) / 1000));
    return PG_OK;
}

static void merge(struct loader *l)
{
    struct key_table *merged = key_table_merge(l->keys);
    key_table_unref(l->keys);
    l->keys = merged;
    l->changed = true;
}

static enum key_put put_row(struct loader *l, const struct key_row *row)
{
    struct key_entry e = entry_of(row);
    key_table_restrict(l->keys, row->restrictions, &e);
    return key_table_put(l->keys, &e);
}

static bool put_key(void *arg, const struct key_row *row)
{
    struct loader *l = arg;
    enum key_put put = put_row(l, row);
    if (put == KEY_FULL && ++l->merges > MERGES_MAX) {
        l->read_keys = true;
        return false;
    }
    if (put == KEY_FULL) {
        merge(l);
        put = put_row(l, row);
    }
    l->changed |= put == KEY_PUT;
    return true;
}

/* Finds what was committed since the last look. */
static enum pg_err look(struct loader *l)
{
    struct config_look found;
    enum pg_err err = config_store_look(l->pg, l->config_seen, l->keys_seen, &found);
    if (err != PG_OK)
        return err;
    if (found.config)
        l->read_config = true;
    else
        keep(&l->config_seen, xstrdup(found.now));
    l->merges = 0;
    if (found.keys)
        err = key_store_changed(l->pg, l->keys_seen, put_key, l);
    if (err == PG_OK)
        keep(&l->keys_seen, found.now);
    else
        xfree(found.now);
    return err;
}

static void publish(struct loader *l)
{
    l->changed = false;
    metrics_add(M_SNAPSHOT_BUILDS, 1);
    metrics_set(M_SNAPSHOT_KEYS, (int64_t)key_table_len(l->keys));
    publisher_put(&l->publisher, snapshot_new(++l->version, l->img, l->keys));
    log_event(LOG_DEBUG, "loader.published", LOG_I("version", l->version),
              LOG_I("models", l->img->n_models), LOG_I("offers", l->img->n_offers),
              LOG_I("providers", l->img->providers.len), LOG_I("not_served", l->img->problems.len),
              LOG_I("keys", key_table_len(l->keys)));
    if (l->o.published)
        l->o.published(l->o.arg);
}

static enum pg_err read_news(struct loader *l)
{
    enum pg_err err = PG_OK;
    if (!l->read_keys && l->config_seen && l->keys_seen)
        err = look(l);
    if (err == PG_OK && l->read_config)
        err = read_config(l);
    if (err == PG_OK && l->read_keys && l->img)
        err = read_keys(l);
    return err;
}

/* PostgreSQL answered everything that was asked. */
static void succeeded(struct loader *l)
{
    atomic_store_explicit(&l->fresh_us, clock_mono_us(), memory_order_relaxed);
    l->retry_gap_us = RETRY_MIN_US;
    if (l->told[0] && !l->refused) {
        log_event(LOG_INFO, "loader.recovered");
        l->told[0] = '\0';
    }
}

static void turn(struct loader *l)
{
    if (!connected(l))
        return;
    l->notified = false;
    l->looked_us = clock_mono_us();
    enum pg_err err = read_news(l);
    if (err == PG_OK)
        succeeded(l);
    else
        failed(l, err);
    if (l->changed && l->img && l->keys)
        publish(l);
    if (l->keys && key_table_mark(l->keys) >= MERGE_AT) {
        merge(l);
        publish(l);
    }
}

static void on_notification(void *arg, struct str channel, struct str payload)
{
    struct loader *l = arg;
    (void)channel;
    (void)payload;
    l->notified = true;
}

static void take_notifications(struct loader *l)
{
    if (l->pg && pg_notifications(l->pg, on_notification, l) != PG_OK)
        failed(l, PG_LOST);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* When the next turn is due. A notification brings it near; the gaps bound how often. */
static int64_t due_us(const struct loader *l)
{
    if (!l->pg)
        return l->retry_us;
    if (!l->notified)
        return l->looked_us + l->o.poll_ms * 1000;
    return later(l->looked_us + LOOK_GAP_US, l->built_us + BUILD_GAP_US);
}

static void wait_until_due(struct loader *l)
{
    while (!stopping(l)) {
        take_notifications(l);
        int64_t left_us = due_us(l) - clock_mono_us();
        if (left_us <= 0)
            return;
        struct pollfd fds[2] = {{.fd = l->wake_fd, .events = POLLIN},
                                {.fd = l->pg ? pg_fd(l->pg) : -1, .events = POLLIN}};
        (void)poll(fds, 2, (int)((left_us + 999) / 1000));
    }
}

static void end(struct loader *l)
{
    pg_close(l->pg);
    image_unref(l->img);
    key_table_unref(l->keys);
    xfree((void *)(uintptr_t)l->o.database_url);
    xfree(l->server);
    xfree(l->config_seen);
    xfree(l->keys_seen);
}

static void *run(void *arg)
{
    struct loader *l = arg;
    CHECK(l, LOADER_MAGIC);
    metrics_thread_begin();
    while (!stopping(l)) {
        turn(l);
        publisher_sweep(&l->publisher);
        wait_until_due(l);
    }
    end(l);
    metrics_set(M_SNAPSHOT_KEYS, 0); /* a gauge outlives its thread */
    metrics_thread_end();
    return NULL;
}

struct loader *loader_new(const struct loader_options *o)
{
    ASSERT(o->database_url && o->master_keys);
    struct loader *l = xcalloc(1, sizeof *l);
    l->magic = LOADER_MAGIC;
    l->o = *o;
    l->o.database_url = xstrdup(o->database_url);
    if (l->o.poll_ms <= 0)
        l->o.poll_ms = 1000;
    l->retry_gap_us = RETRY_MIN_US;
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ASSERT(l->wake_fd >= 0);
    publisher_init(&l->publisher);
    ASSERT(pthread_create(&l->thread, NULL, run, l) == 0);
    return l;
}

void loader_free(struct loader *l)
{
    if (!l)
        return;
    CHECK(l, LOADER_MAGIC);
    uint64_t one = 1;
    atomic_store_explicit(&l->stop, true, memory_order_relaxed);
    ASSERT(write(l->wake_fd, &one, sizeof one) == sizeof one);
    ASSERT(pthread_join(l->thread, NULL) == 0);
    publisher_fini(&l->publisher);
    (void)close(l->wake_fd);
    l->magic = 0;
    xfree(l);
}

struct snapshot *loader_current(struct loader *l)
{
    CHECK(l, LOADER_MAGIC);
    return publisher_current(&l->publisher);
}

int64_t loader_age_ms(const struct loader *l)
{
    CHECK(l, LOADER_MAGIC);
    int64_t fresh = atomic_load_explicit(&l->fresh_us, memory_order_relaxed);
    return fresh ? (clock_mono_us() - fresh) / 1000 : -1;
}
