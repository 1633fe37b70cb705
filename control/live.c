/* Viewers: who joins and leaves, what is put into their buffers, and the loop's reading of them. */
#include <sodium.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/mem.h"
#include "control/live_priv.h"

enum {
    BEAT_US = 10000 * 1000,
    VIEWER_MAX_BYTES = 1 << 20,
    OF_ONE_PERSON = 12,
    VIEWER_MAGIC = 0x6c697665,
};

/* ------------------------------------------------------------------ what a viewer gets */

void live_end(struct live_viewer *v)
{
    v->ended = true;
    buf_fini(&v->out);
    buf_init(&v->out, VIEWER_MAX_BYTES);
    v->sent = 0;
}

static void add_id(struct live_viewer *v, uint64_t number)
{
    (void)buf_printf(&v->out, "id: %016llx.%llu\n", (unsigned long long)v->feed->epoch,
                     (unsigned long long)number);
    v->beat_us = clock_mono_us();
}

/* Who does not read loses the stream, and comes back with the last id. */
static void said(struct live_viewer *v)
{
    if (v->out.failed)
        live_end(v);
}

void live_say_reload(struct live_viewer *v)
{
    v->greeted = true;
    add_id(v, v->feed->last);
    (void)buf_add_lit(&v->out, "event: reload\ndata: {}\n\n");
    said(v);
}

void live_say_row(struct live_viewer *v, uint64_t number)
{
    const struct event *e = &v->feed->ring[number % LIVE_RING];
    if (v->ended || !request_filter_fits(&v->filter, &e->facts))
        return;
    add_id(v, number);
    (void)buf_add_lit(&v->out, "event: request\ndata: ");
    (void)buf_add(&v->out, e->json, e->len);
    (void)buf_add_lit(&v->out, "\n\n");
    said(v);
}

void live_beat(struct live_viewer *v)
{
    int64_t now_us = clock_mono_us();
    if (v->ended || now_us - v->beat_us < BEAT_US)
        return;
    if (v->greeted)
        add_id(v, v->feed->last);
    else
        (void)buf_add_lit(&v->out, ":\n");
    v->beat_us = now_us;
    (void)buf_add_char(&v->out, '\n');
    said(v);
}

/* What came since the id that the viewer knows. False: that is not known any more. */
static bool say_missed(struct live_viewer *v, struct str id)
{
    char want[20];
    int64_t number = 0;
    struct str rest = id;
    (void)snprintf(want, sizeof want, "%016llx", (unsigned long long)v->feed->epoch);
    if (!v->feed->primed || !str_eq(str_cut(&rest, '.'), str_of(want)) ||
        !str_to_i64(rest, &number) || number < 0 || (uint64_t)number > v->feed->last ||
        (uint64_t)number + 1 < v->feed->first)
        return false;
    v->greeted = true;
    for (uint64_t n = (uint64_t)number + 1; n <= v->feed->last; n++)
        live_say_row(v, n);
    return true;
}

/* ------------------------------------------------------------------ viewers */

static struct feed *feed_of(struct live *l, struct uuid organisation)
{
    for (struct feed *f = l->feeds; f; f = f->next)
        if (uuid_eq(f->organisation, organisation))
            return f;
    struct feed *f = xcalloc(1, sizeof *f);
    f->organisation = organisation;
    randombytes_buf(&f->epoch, sizeof f->epoch);
    f->first = 1;
    f->next = l->feeds;
    l->feeds = f;
    return f;
}

static void unlink_viewer(struct live_viewer *v)
{
    *v->at = v->next;
    if (v->next)
        v->next->at = v->at;
    v->live->n_viewers--;
    if (--v->feed->viewers == 0)
        v->feed->idle_since_us = clock_mono_us();
}

char *live_copy(struct str s)
{
    char *p = xmalloc(s.len + 1);
    memcpy(p, s.p, s.len);
    p[s.len] = '\0';
    return p;
}

static void take_filter(struct live_viewer *v, const struct request_filter *f)
{
    v->filter = *f;
    v->filter.end_user = v->filter.found = STR_NULL;
    if (f->model.p)
        v->filter.model = str_make(v->model = live_copy(f->model), f->model.len);
    if (f->provider.p)
        v->filter.provider = str_make(v->provider = live_copy(f->provider), f->provider.len);
}

static void end_oldest_of(struct live *l, struct uuid user)
{
    size_t n = 0;
    for (struct live_viewer *v = l->viewers; v; v = v->next)
        if (!v->ended && uuid_eq(v->user, user) && ++n > OF_ONE_PERSON)
            live_end(v);
}

struct live_viewer *live_join(struct live *l, const struct live_ask *ask)
{
    struct live_viewer *v = xcalloc(1, sizeof *v);
    v->magic = VIEWER_MAGIC;
    v->live = l;
    v->user = ask->user;
    memcpy(v->session_hash, ask->session_hash, LIVE_HASH_BYTES);
    buf_init(&v->out, VIEWER_MAX_BYTES);
    take_filter(v, ask->filter);
    (void)pthread_mutex_lock(&l->lock);
    bool room = !l->stop && l->n_viewers < (size_t)l->o.viewers_max;
    if (room) {
        v->number = ++l->numbers;
        v->feed = feed_of(l, ask->filter->organisation);
        v->feed->viewers++;
        v->next = l->viewers;
        v->at = &l->viewers;
        if (v->next)
            v->next->at = &v->next;
        l->viewers = v;
        l->n_viewers++;
        (void)buf_add_lit(&v->out, "retry: 2000\n\n");
        if (!say_missed(v, ask->last_event_id) && v->feed->primed)
            live_say_reload(v);
        end_oldest_of(l, v->user);
        l->hurry |= !v->feed->primed;
        (void)pthread_cond_signal(&l->more);
    }
    (void)pthread_mutex_unlock(&l->lock);
    if (room)
        return v;
    v->feed = NULL;
    live_leave(v);
    return NULL;
}

void live_leave(struct live_viewer *v)
{
    if (!v)
        return;
    CHECK(v, VIEWER_MAGIC);
    struct live *l = v->live;
    (void)pthread_mutex_lock(&l->lock);
    if (v->feed)
        unlink_viewer(v);
    (void)pthread_mutex_unlock(&l->lock);
    buf_fini(&v->out);
    xfree(v->model);
    xfree(v->provider);
    v->magic = 0;
    xfree(v);
}

ptrdiff_t live_read(struct live_viewer *v, char *out, size_t max, void *sleeper)
{
    CHECK(v, VIEWER_MAGIC);
    (void)pthread_mutex_lock(&v->live->lock);
    size_t n = v->out.len - v->sent;
    n = n < max ? n : max;
    if (n) {
        memcpy(out, v->out.p + v->sent, n);
        v->sent += n;
        if (v->sent == v->out.len) {
            buf_reset(&v->out);
            v->sent = 0;
        }
    }
    bool ended = n == 0 && v->ended;
    v->sleeper = n == 0 && !ended ? sleeper : NULL;
    (void)pthread_mutex_unlock(&v->live->lock);
    return ended ? -1 : (ptrdiff_t)n;
}

void live_each_awake(struct live *l, void (*fn)(void *sleeper))
{
    (void)pthread_mutex_lock(&l->lock);
    for (struct live_viewer *v = l->viewers; v; v = v->next) {
        void *sleeper = v->sleeper;
        if (!sleeper || (!v->ended && v->out.len == v->sent))
            continue;
        v->sleeper = NULL;
        fn(sleeper);
    }
    (void)pthread_mutex_unlock(&l->lock);
}

/* ------------------------------------------------------------------ start and stop */

struct live *live_start(const struct live_options *o)
{
    struct live *l = xcalloc(1, sizeof *l);
    pthread_condattr_t attr;
    l->o = *o;
    l->database_url = xstrdup(o->database_url);
    ASSERT(pthread_condattr_init(&attr) == 0);
    ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(&l->more, &attr) == 0 && pthread_mutex_init(&l->lock, NULL) == 0);
    (void)pthread_condattr_destroy(&attr);
    ASSERT(pthread_create(&l->thread, NULL, live_feed_main, l) == 0);
    return l;
}

void live_stop(struct live *l)
{
    (void)pthread_mutex_lock(&l->lock);
    l->stop = true;
    (void)pthread_cond_signal(&l->more);
    (void)pthread_mutex_unlock(&l->lock);
    (void)pthread_join(l->thread, NULL);
    (void)pthread_mutex_lock(&l->lock);
    for (struct live_viewer *v = l->viewers; v; v = v->next)
        live_end(v);
    (void)pthread_mutex_unlock(&l->lock);
}

void live_free(struct live *l)
{
    if (!l)
        return;
    ASSERT(!l->viewers);
    while (l->feeds) {
        struct feed *f = l->feeds;
        l->feeds = f->next;
        live_feed_free(f);
    }
    (void)pthread_cond_destroy(&l->more);
    (void)pthread_mutex_destroy(&l->lock);
    xfree(l->database_url);
    xfree(l);
}
