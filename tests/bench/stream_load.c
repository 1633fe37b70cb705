/* The bench's client of streams: opens connections to 127.0.0.1 over a ramp, asks each for a
 * stream, again and again until the time is over, and prints as JSON when the first text came, the
 * gaps between events and how many streams came whole. One thread, epoll; judges nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/mem.h"
#include "common/str.h"

/* Times are counted by their microsecond, up to two seconds. */
enum { READ_MAX = 65536, BATCH = 512, TIME_MAX_US = 2000000, SOURCES = 8 };

struct times {
    uint32_t *count; /* by microsecond; the last for all above */
    uint64_t n;
};

struct stream {
    int fd;           /* -1: not connected */
    int64_t asked_us; /* when its request was sent */
    int64_t event_us; /* of its last event; 0: none yet */
    unsigned line;    /* bytes of EVENT that the present line has matched; LINE_OTHER */
    unsigned end;     /* bytes of END seen, of each of its parts in a row */
    unsigned content; /* bytes of CONTENT seen in a row; CONTENT_SEEN: the first text has come */
};

struct load {
    int port, epoll;
    size_t streams, opened, live;
    int64_t ramp_us, start_us, end_us; /* end: no request is sent after it */
    char *request;
    size_t request_len;
    struct stream *at;
    struct times first, gaps;
    uint64_t events, asked, whole, broken;
};

enum { LINE_OTHER = 99, CONTENT_SEEN = 99 };
/* A stream's end, and its body's. */
static const char EVENT[] = "data:", CONTENT[] = "\"content\":\"", DONE[] = "[DONE]",
                  END[] = "\r\n0\r\n\r\n";
enum { DONE_LEN = sizeof(DONE) - 1, WHOLE = DONE_LEN + sizeof(END) - 1 };

static int64_t now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void times_add(struct times *t, int64_t us)
{
    us = us < 0 ? 0 : us >= TIME_MAX_US ? TIME_MAX_US - 1 : us;
    t->count[us]++;
    t->n++;
}

static int64_t times_part(const struct times *t, double part)
{
    uint64_t seen = 0;
    for (int64_t us = 0; us < TIME_MAX_US; us++) {
        seen += t->count[us];
        if (seen > 0 && (double)seen >= part * (double)t->n)
            return us;
    }
    return 0;
}

/* The request is small: it fits into an empty socket's buffer. */
static bool ask(struct load *l, struct stream *s)
{
    s->asked_us = now_us();
    s->event_us = 0;
    s->line = s->end = s->content = 0;
    l->asked++;
    return send(s->fd, l->request, l->request_len, MSG_NOSIGNAL) == (ssize_t)l->request_len;
}

static void drop(struct load *l, struct stream *s)
{
    if (s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
        l->live--;
    }
}

static void broke(struct load *l, struct stream *s)
{
    l->broken++;
    drop(l, s);
}

/* From one of a few addresses of loopback: one has too few ports for many thousands. */
static bool open_stream(struct load *l, struct stream *s, size_t index)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)l->port)};
    struct sockaddr_in from = {.sin_family = AF_INET};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(index % SOURCES));
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return false;
    l->live++;
    const int on = 1;
    (void)setsockopt(s->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    (void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = s};
    return bind(s->fd, (struct sockaddr *)&from, sizeof(from)) == 0 &&
           connect(s->fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
           epoll_ctl(l->epoll, EPOLL_CTL_ADD, s->fd, &e) == 0 && ask(l, s);
}

static void take_end(struct stream *s, char c)
{
    if (s->end == WHOLE)
        return;
    if (s->end < DONE_LEN)
        s->end = c == DONE[s->end] ? s->end + 1 : c == DONE[0];
    else
        s->end = c == END[s->end - DONE_LEN] ? s->end + 1 : DONE_LEN + (c == END[0]);
}

/* The first text, which what stands before it (a role, an empty text) is not. */
static void take_content(struct load *l, struct stream *s, char c, int64_t now)
{
    if (s->content < sizeof(CONTENT) - 1) {
        s->content = c == CONTENT[s->content] ? s->content + 1 : c == CONTENT[0];
    } else if (c == '"') {
        s->content = 1;
    } else {
        s->content = CONTENT_SEEN;
        times_add(&l->first, now - s->asked_us);
    }
}

/* An event is a line that opens with "data:"; heads of chunks stand on lines of their own. */
static void take_byte(struct load *l, struct stream *s, char c, int64_t now)
{
    take_end(s, c);
    if (s->content != CONTENT_SEEN)
        take_content(l, s, c, now);
    if (c == '\n') {
        s->line = 0;
        return;
    }
    if (s->line == LINE_OTHER)
        return;
    s->line = c == EVENT[s->line] ? s->line + 1 : LINE_OTHER;
    if (s->line < sizeof(EVENT) - 1)
        return;
    s->line = LINE_OTHER;
    if (s->event_us)
        times_add(&l->gaps, now - s->event_us);
    s->event_us = now;
    l->events++;
}

static void take(struct load *l, struct stream *s)
{
    char bytes[READ_MAX];
    const ssize_t n = recv(s->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        broke(l, s);
        return;
    }
    const int64_t now = now_us();
    for (ssize_t i = 0; i < n; i++)
        take_byte(l, s, bytes[i], now);
    if (s->end < WHOLE)
        return;
    l->whole++;
    if (now >= l->end_us)
        drop(l, s);
    else if (!ask(l, s))
        broke(l, s);
}

static void run(struct load *l)
{
    struct epoll_event events[BATCH];
    l->start_us = now_us();
    l->end_us += l->start_us;
    while (l->live > 0 || l->opened < l->streams) {
        const int64_t now = now_us();
        while (l->opened < l->streams &&
               l->start_us + l->ramp_us * (int64_t)l->opened / (int64_t)l->streams <= now) {
            struct stream *s = &l->at[l->opened];
            if (!open_stream(l, s, l->opened++))
                broke(l, s);
        }
        const int n = epoll_wait(l->epoll, events, BATCH, l->opened < l->streams ? 1 : 1000);
        for (int i = 0; i < n; i++) {
            struct stream *s = events[i].data.ptr;
            if (s->fd >= 0)
                take(l, s);
        }
    }
}

static void report(const struct load *l)
{
    printf("{\"asked\":%" PRIu64 ",\"whole\":%" PRIu64 ",\"broken\":%" PRIu64 ",\"events\":%" PRIu64
           ",\"us\":%" PRId64 ",\"first_p50_us\":%" PRId64 ",\"first_p99_us\":%" PRId64
           ",\"gap_p50_us\":%" PRId64 ",\"gap_p99_us\":%" PRId64 "}\n",
           l->asked, l->whole, l->broken, l->events, now_us() - l->start_us,
           times_part(&l->first, 0.5), times_part(&l->first, 0.99), times_part(&l->gaps, 0.5),
           times_part(&l->gaps, 0.99));
}

static char *read_all(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    ASSERT(f);
    char *bytes = xmalloc(READ_MAX);
    *len = fread(bytes, 1, READ_MAX, f);
    ASSERT(*len < READ_MAX);
    (void)fclose(f);
    return bytes;
}

static bool read_options(struct load *l, int argc, char **argv)
{
    static const struct option LONG[] = {
        {"port", required_argument, NULL, 'p'},    {"streams", required_argument, NULL, 'n'},
        {"ramp-ms", required_argument, NULL, 'r'}, {"seconds", required_argument, NULL, 's'},
        {"request", required_argument, NULL, 'q'}, {NULL, 0, NULL, 0}};
    int64_t n = 0;
    int opt;
    while ((opt = getopt_long(argc, argv, "", LONG, NULL)) != -1) {
        if (opt == '?' || (opt != 'q' && (!str_to_i64(str_of(optarg), &n) || n < 0)))
            return false;
        switch (opt) {
        case 'p':
            l->port = (int)n;
            break;
        case 'n':
            l->streams = (size_t)n;
            break;
        case 'r':
            l->ramp_us = n * 1000;
            break;
        case 's':
            l->end_us = n * 1000000;
            break;
        default:
            l->request = read_all(optarg, &l->request_len);
            break;
        }
    }
    return l->port > 0 && l->streams > 0 && l->request && optind == argc;
}

int main(int argc, char **argv)
{
    struct load l = {0};
    struct rlimit files;
    if (!read_options(&l, argc, argv)) {
        (void)fputs(
            "usage: stream_load --port P --streams N --request FILE [--ramp-ms N] [--seconds N]\n"
            "FILE holds a whole request, head and body. --seconds 0: one stream a connection.\n",
            stderr);
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    l.epoll = epoll_create1(EPOLL_CLOEXEC);
    l.at = xcalloc(l.streams, sizeof(*l.at));
    l.first.count = xcalloc(TIME_MAX_US, sizeof(uint32_t));
    l.gaps.count = xcalloc(TIME_MAX_US, sizeof(uint32_t));
    for (size_t i = 0; i < l.streams; i++)
        l.at[i].fd = -1;
    run(&l);
    report(&l);
    xfree(l.request);
    xfree(l.at);
    xfree(l.first.count);
    xfree(l.gaps.count);
    return 0;
}
