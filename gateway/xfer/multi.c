/* The glue between one curl multi handle and a worker's loop. One thread.
 *
 * curl asks to watch a socket at each start and to forget it at each end of a transfer. We answer
 * lazily: a socket stays in the epoll while curl keeps it, and only an event that nobody wants, or
 * one that is not watched yet, costs a system call. */
#include "gateway/xfer/multi.h"

#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"

enum { MULTI_MAGIC = 0x6d756c74, CONNECTIONS_MAX = 4096 };

/* One per file descriptor that curl uses, found by number. */
struct sock {
    struct source source;
    struct multi *multi;
    uint32_t want; /* what curl wants now */
};

struct multi {
    uint32_t magic;
    CURLM *curl;
    struct loop *loop;
    struct timers *timers;
    struct timer timer;
    multi_done_fn *done;
    unsigned active;
    struct sock **socks; /* by fd */
    size_t n_socks;
};

static void reap(struct multi *m)
{
    int left;
    for (CURLMsg *msg; (msg = curl_multi_info_read(m->curl, &left));) {
        if (msg->msg != CURLMSG_DONE)
            continue;
        m->done(msg->easy_handle, msg->data.result);
    }
}

static void on_socket(struct source *src, uint32_t events)
{
    struct sock *s = container_of(src, struct sock, source);
    struct multi *m = s->multi;
    CHECK(m, MULTI_MAGIC);
    uint32_t unwanted = events & (EPOLLIN | EPOLLOUT) & ~s->want;
    if (unwanted || !s->want)
        loop_arm(m->loop, src, s->want);
    int bits = ((events & EPOLLIN) ? CURL_CSELECT_IN : 0) |
               ((events & EPOLLOUT) ? CURL_CSELECT_OUT : 0) |
               ((events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR | CURL_CSELECT_IN : 0);
    if (!s->want)
        return;
    int running;
    curl_multi_socket_action(m->curl, src->fd, bits, &running);
    reap(m);
}

static struct sock *sock_of(struct multi *m, curl_socket_t fd)
{
    size_t i = (size_t)fd;
    if (i >= m->n_socks) {
        size_t n = m->n_socks ? m->n_socks : 64;
        while (n <= i)
            n *= 2;
        m->socks = xrealloc(m->socks, n * sizeof(struct sock *));
        for (size_t k = m->n_socks; k < n; k++)
            m->socks[k] = NULL;
        m->n_socks = n;
    }
    if (!m->socks[i]) {
        m->socks[i] = xcalloc(1, sizeof(struct sock));
        *m->socks[i] = (struct sock){.source = {.fn = on_socket, .fd = fd}, .multi = m};
    }
    return m->socks[i];
}

void multi_forget_socket(struct multi *m, curl_socket_t fd)
{
    CHECK(m, MULTI_MAGIC);
    if ((size_t)fd >= m->n_socks || !m->socks[fd])
        return;
    loop_remove(m->loop, &m->socks[fd]->source);
    m->socks[fd]->want = 0;
}

static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    (void)easy;
    (void)unused;
    struct multi *m = arg;
    CHECK(m, MULTI_MAGIC);
    if (what == CURL_POLL_REMOVE) { /* closed next, by whoever: its number may be another's then */
        multi_forget_socket(m, fd);
        return 0;
    }
    struct sock *s = sock_of(m, fd);
    s->want = (what == CURL_POLL_IN || what == CURL_POLL_INOUT ? EPOLLIN : 0) |
              (what == CURL_POLL_OUT || what == CURL_POLL_INOUT ? EPOLLOUT : 0);
    if (s->want & ~s->source.armed)
        loop_arm(m->loop, &s->source, s->want);
    return 0;
}

int multi_close_socket(struct multi *m, curl_socket_t fd)
{
    multi_forget_socket(m, fd);
    return close(fd);
}

static void on_timer(struct timer *t)
{
    struct multi *m = container_of(t, struct multi, timer);
    CHECK(m, MULTI_MAGIC);
    int running;
    curl_multi_socket_action(m->curl, CURL_SOCKET_TIMEOUT, 0, &running);
    reap(m);
}

static int timeout_changed(CURLM *curl, long ms, void *arg)
{
    (void)curl;
    struct multi *m = arg;
    CHECK(m, MULTI_MAGIC);
    if (ms < 0)
        timer_cancel(m->timers, &m->timer);
    else
        timer_set(m->timers, &m->timer, clock_mono_us() + ms * 1000);
    return 0;
}

struct multi *multi_new(struct loop *loop, struct timers *timers, multi_done_fn *done)
{
    struct multi *m = xcalloc(1, sizeof *m);
    *m = (struct multi){.magic = MULTI_MAGIC, .loop = loop, .timers = timers, .done = done};
    m->timer.fn = on_timer;
    m->curl = curl_multi_init();
    ASSERT(m->curl != NULL);
    curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, socket_changed);
    curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
    curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, timeout_changed);
    curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
    curl_multi_setopt(m->curl, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_MAX);
    return m;
}

void multi_free(struct multi *m)
{
    if (!m)
        return;
    ASSERT(m->active == 0);
    curl_multi_cleanup(m->curl);
    timer_cancel(m->timers, &m->timer);
    for (size_t i = 0; i < m->n_socks; i++) {
        if (m->socks[i])
            loop_remove(m->loop, &m->socks[i]->source);
        xfree(m->socks[i]);
    }
    xfree(m->socks);
    m->magic = 0;
    xfree(m);
}

void multi_add(struct multi *m, CURL *easy)
{
    CURLMcode rc = curl_multi_add_handle(m->curl, easy);
    ASSERT(rc == CURLM_OK);
    m->active++;
}

void multi_remove(struct multi *m, CURL *easy)
{
    CURLMcode rc = curl_multi_remove_handle(m->curl, easy);
    ASSERT(rc == CURLM_OK && m->active > 0);
    m->active--;
}

unsigned multi_active(const struct multi *m)
{
    return m->active;
}
