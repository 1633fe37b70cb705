/* The life of a connection (conn.h). One function, pump, moves it on: send what is there, step the
 * answer, take the next request; it returns when only an event or a deadline can help.
 */
#include "tests/simulator/conn.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/mem.h"
#include "tests/simulator/route.h"

enum {
    READ_ROOM = 16 << 10,
    COALESCE = 64 << 10, /* bytes of a stream without gaps that go out in one write */
    LINGER_US = 1000000,
    KEEP_CAP = 256 << 10 /* larger buffers are given back after an answer */
};

#define OUT_MAX ((size_t)512 << 20)

enum flush_result { FLUSHED, FLUSH_LATER, FLUSH_BROKEN };

struct conn *conn_new(struct loop *l, int fd)
{
    struct conn *c = xcalloc(1, sizeof(*c));
    c->loop = l;
    c->fd = fd;
    c->heap_at = SIZE_MAX;
    c->interest = EPOLLIN | EPOLLRDHUP;
    c->state = CONN_READING;
    buf_init(&c->in, HTTP_MAX_HEAD + (size_t)HTTP_MAX_BODY * 2);
    buf_init(&c->out, OUT_MAX);
    http_init(&c->http);
    answer_init(&c->answer);
    c->next = l->conns;
    if (c->next) {
        c->next->prev = c;
    }
    l->conns = c;
    records_connection(&l->sim->records, 1);
    return c;
}

static void end_record(struct conn *c, enum record_state state)
{
    const struct answer *a = &c->answer;
    size_t unsent = c->out.len - c->out_at;
    bool started = state == RECORD_COMPLETE || c->told_headers;
    records_end(&c->loop->sim->records, a->seq, sim_now_us(), started ? a->status : 0, state,
                a->sent > unsent ? a->sent - unsent : 0);
    c->is_chat = false;
}

void conn_free(struct conn *c)
{
    if (c->is_chat) {
        end_record(c, RECORD_ABORTED);
    }
    records_connection(&c->loop->sim->records, -1);
    loop_clear_deadline(c->loop, c);
    close(c->fd);
    if (c->prev) {
        c->prev->next = c->next;
    } else {
        c->loop->conns = c->next;
    }
    if (c->next) {
        c->next->prev = c->prev;
    }
    answer_fini(&c->answer);
    buf_fini(&c->in);
    buf_fini(&c->out);
    xfree(c);
}

static void want(struct conn *c, uint32_t interest)
{
    if (c->interest != interest) {
        struct epoll_event ev = {.events = interest, .data.ptr = c};
        c->interest = interest;
        epoll_ctl(c->loop->epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
    }
}

/* How many bytes may be sent in one call now. */
static size_t portion(const struct conn *c, bool *paced)
{
    size_t left = c->out.len - c->out_at;
    *paced = false;
    if (!c->is_chat) {
        return left;
    }
    const struct script *s = &c->answer.script;
    size_t step = s->split ? s->split : left;
    if (s->drip_us && c->out_at >= c->unpaced) {
        *paced = true;
        step = s->split ? s->split : 1;
    } else if (s->drip_us && step > c->unpaced - c->out_at) {
        step = c->unpaced - c->out_at;
    }
    return step < left ? step : left;
}

static enum flush_result flush(struct conn *c)
{
    while (c->out_at < c->out.len) {
        bool paced;
        size_t n = portion(c, &paced);
        ssize_t sent = send(c->fd, c->out.p + c->out_at, n, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EAGAIN) {
                return FLUSH_BROKEN;
            }
            want(c, EPOLLOUT | EPOLLRDHUP);
            return FLUSH_LATER;
        }
        c->out_at += (size_t)sent;
        if (paced && c->out_at < c->out.len) {
            loop_set_deadline(c->loop, c, loop_now_us() + c->answer.script.drip_us);
            return FLUSH_LATER;
        }
    }
    c->out_at = c->unpaced = 0;
    if (c->out.cap > KEEP_CAP) {
        buf_fini(&c->out);
    }
    buf_reset(&c->out);
    return FLUSHED;
}

/* The record learns of the headers once the kernel has them, unless the end comes at once. */
static void tell_headers(struct conn *c)
{
    bool is_out = c->answer.phase > PHASE_HEAD && (c->out_at > 0 || c->out.len == 0);
    bool ends_now = c->state == CONN_ENDING && c->out.len == 0 && !c->abort;
    if (c->is_chat && !c->told_headers && is_out && !ends_now) {
        c->told_headers = true;
        records_headers(&c->loop->sim->records, c->answer.seq, sim_now_us(), c->answer.status);
    }
}

static void step_answer(struct conn *c)
{
    enum answer_step step = ANSWER_MORE;
    while (step == ANSWER_MORE && c->out.len < COALESCE) {
        bool is_head = c->answer.phase == PHASE_HEAD;
        step = answer_step(&c->answer, &c->out);
        if (is_head) {
            c->unpaced = c->out.len;
        }
    }
    switch (step) {
    case ANSWER_MORE:
    case ANSWER_FLUSH:
        break;
    case ANSWER_WAIT:
        c->state = CONN_WAITING;
        break;
    case ANSWER_HANG:
        c->state = CONN_HANGING;
        break;
    case ANSWER_ABORT:
        c->abort = true;
        c->state = CONN_ENDING;
        break;
    case ANSWER_DONE:
        c->state = CONN_ENDING;
        break;
    }
}

/* Closes without saying goodbye: a FIN in the middle, or a RST. */
static void cut(struct conn *c)
{
    if (c->answer.script.reset) {
        struct linger l = {.l_onoff = 1, .l_linger = 0};
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
    }
    conn_free(c);
}

static void linger(struct conn *c)
{
    c->state = CONN_LINGERING;
    shutdown(c->fd, SHUT_WR);
    want(c, EPOLLIN | EPOLLRDHUP);
    loop_set_deadline(c->loop, c, loop_now_us() + LINGER_US);
}

/* All bytes of the answer are out. False: the connection is done with. */
static bool end_answer(struct conn *c)
{
    if (c->abort) {
        cut(c);
        return false;
    }
    bool was_chat = c->is_chat;
    if (was_chat) {
        end_record(c, RECORD_COMPLETE);
    }
    if (was_chat && c->answer.script.drop) {
        conn_free(c);
        return false;
    }
    if (!c->keep_alive) {
        linger(c);
        return false;
    }
    buf_drop(&c->in, c->http.consumed);
    if (c->in.len == 0 && c->in.cap > KEEP_CAP) {
        buf_fini(&c->in);
    }
    http_init(&c->http);
    c->state = CONN_READING;
    return true;
}

static void start_answer(struct conn *c)
{
    c->abort = c->told_headers = c->continued = false;
    c->is_chat = route_request(c->loop->sim, &c->http, c->in.p, &c->answer, &c->out);
    c->keep_alive = c->is_chat ? c->answer.keep_alive : c->http.keep_alive;
    c->state = c->is_chat ? CONN_ANSWERING : CONN_ENDING;
}

/* Looks for a whole request in what was read. False: more bytes are needed. */
static bool take_request(struct conn *c)
{
    if (c->in.len == 0) {
        return false;
    }
    enum http_result res = http_feed(&c->http, c->in.p, c->in.len);
    if (res == HTTP_COMPLETE) {
        start_answer(c);
        return true;
    }
    if (res != HTTP_NEED_MORE) {
        route_refuse(c->loop->sim, res, &c->out);
        c->keep_alive = false;
        c->state = CONN_ENDING;
        return true;
    }
    if (c->http.state != HTTP_HEAD && c->http.expect_continue && !c->continued) {
        c->continued = true;
        buf_add_lit(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
        return true;
    }
    return false;
}

/* One move after all bytes went out. False: nothing more to do now (or the connection is gone). */
static bool advance(struct conn *c)
{
    switch (c->state) {
    case CONN_READING:
        if (!take_request(c)) {
            want(c, EPOLLIN | EPOLLRDHUP);
            return false;
        }
        return true;
    case CONN_ANSWERING:
        step_answer(c);
        return true;
    case CONN_WAITING:
        if (c->heap_at == SIZE_MAX) {
            loop_set_deadline(c->loop, c, loop_now_us() + c->answer.wait_us);
        }
        return false;
    case CONN_ENDING:
        return end_answer(c);
    case CONN_HANGING:
    case CONN_LINGERING:
        break;
    }
    return false;
}

static void pump(struct conn *c)
{
    do {
        enum flush_result res = flush(c);
        if (res == FLUSH_BROKEN) {
            conn_free(c);
            return;
        }
        tell_headers(c);
        if (res == FLUSH_LATER) {
            return;
        }
        ASSERT(c->out.len == 0);
    } while (advance(c));
}

/* Reads what there is. False: the client is gone and so is the connection. */
static bool read_some(struct conn *c)
{
    size_t room = c->http.left > READ_ROOM ? (size_t)1 << 20 : READ_ROOM;
    ssize_t n;
    do {
        char *to = buf_room(&c->in, room);
        if (!to) {
            conn_free(c);
            return false;
        }
        n = recv(c->fd, to, room, 0);
        if (n > 0) {
            buf_grew(&c->in, (size_t)n);
        }
    } while (n == (ssize_t)room && c->in.len < ((size_t)8 << 20));
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        conn_free(c);
        return false;
    }
    return true;
}

void conn_on_event(struct conn *c, uint32_t events)
{
    if (c->state == CONN_LINGERING) {
        buf_reset(&c->in);
        read_some(c);
        return;
    }
    bool gone = events & (EPOLLERR | EPOLLHUP) || (events & EPOLLRDHUP && c->state != CONN_READING);
    if (gone) {
        conn_free(c);
        return;
    }
    if (c->state == CONN_READING && events & EPOLLIN && !read_some(c)) {
        return;
    }
    if (events & EPOLLOUT) {
        want(c, EPOLLRDHUP);
    } else if (c->state != CONN_READING) {
        want(c, c->interest & ~(uint32_t)EPOLLIN); /* a pipelined request waits in the kernel */
        return;
    }
    pump(c);
}

void conn_on_deadline(struct conn *c)
{
    if (c->state == CONN_LINGERING) {
        conn_free(c);
        return;
    }
    if (c->state == CONN_WAITING && c->out.len == 0) {
        c->state = CONN_ANSWERING;
    }
    pump(c);
}
