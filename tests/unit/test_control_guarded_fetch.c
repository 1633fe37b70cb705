/* guarded_fetch: what a server does, and what becomes of it. A thread plays the server. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "control/guarded_fetch.h"
#include "tests/unit/unit.h"

enum { CAP = 1000 };

static int listener;
static char origin[64], seen[4096];
static pthread_t thread;

/* What is sent for each path; NULL: nothing, until the client leaves. */
static const struct {
    const char *path, *answer;
} answers[] = {
    {" /ok ", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"},
    {" /away ", "HTTP/1.1 302 Found\r\nlocation: /ok\r\ncontent-length: 0\r\n\r\n"},
    {" /no ", "HTTP/1.1 401 Unauthorized\r\ncontent-length: 3\r\n\r\nno!"},
    {" /long ", "HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n"},
    {" /short ", "HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\nx"},
    {" /odd ", "SSH-2.0-x\r\n"},
    {" /silent ", NULL},
};

static void serve(int fd)
{
    char rest[4000];
    size_t len = 0;
    memset(rest, 'x', sizeof rest);
    memset(seen, 0, sizeof seen);
    while (len < sizeof seen - 1 && !strstr(seen, "\r\n\r\n")) {
        ssize_t n = read(fd, seen + len, sizeof seen - 1 - len);
        if (n <= 0)
            return;
        len += (size_t)n;
    }
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        if (!strstr(seen, answers[i].path))
            continue;
        const char *text = answers[i].answer;
        if (!text) {
            ck_assert_int_eq(read(fd, rest, 1), 0);
            return;
        }
        ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
        if (strstr(seen, " /long "))
            (void)!send(fd, rest, sizeof rest, MSG_NOSIGNAL);
    }
}

static void *server(void *arg)
{
    int fd;
    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        serve(fd);
        (void)shutdown(fd, SHUT_WR);
        (void)close(fd);
    }
    return arg;
}

static void start(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof in;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&in, sizeof in), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&in, &len), 0);
    snprintf(origin, sizeof origin, "http://127.0.0.1:%d", ntohs(in.sin_port));
    ck_assert_int_eq(pthread_create(&thread, NULL, server, NULL), 0);
}

static void stop(void)
{
    (void)shutdown(listener, SHUT_RDWR);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    (void)close(listener);
}

static struct fetch_answer get(const char *path, const struct guard *guard, struct buf *body)
{
    char url[128];
    snprintf(url, sizeof url, "%s%s", *path == '/' ? origin : "", path);
    const struct fetch_request q = {.url = url, .guard = guard, .total_ms = 300};
    return guarded_fetch(&q, body);
}

START_TEST(what_comes_of_it)
{
    static const struct {
        const char *path;
        enum fetch_error err;
        int status;
        bool cut;
        size_t len;
    } cases[] = {
        {"/ok", FETCH_OK, 200, false, 2},
        {"/away", FETCH_OK, 302, false, 0}, /* not followed */
        {"/no", FETCH_OK, 401, false, 3},
        {"/long", FETCH_OK, 200, true, CAP},
        {"/short", FETCH_BROKEN, 0, false, 1},
        {"/odd", FETCH_BROKEN, 0, false, 0},
        {"/silent", FETCH_TIMEOUT, 0, false, 0},
        {"file:///etc/passwd", FETCH_URL, 0, false, 0},
        {"127.0.0.1/ok", FETCH_URL, 0, false, 0},
        {"http://127.0.0.1:1/", FETCH_CONNECT, 0, false, 0},
        {"http://no-such-host.invalid/", FETCH_NAME, 0, false, 0},
    };
    start();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf body;
        buf_init(&body, CAP);
        struct fetch_answer a = get(cases[i].path, NULL, &body);
        ck_assert_msg(a.err == cases[i].err, "%s: %d", cases[i].path, a.err);
        ck_assert_int_eq(a.status, cases[i].status);
        ck_assert_int_eq(a.cut, cases[i].cut);
        ck_assert_uint_eq(body.len, cases[i].len);
        ck_assert_uint_gt(strlen(fetch_error_words(a.err)), 0);
        buf_fini(&body);
    }
    stop();
}
END_TEST

START_TEST(the_address_is_judged)
{
    static const char *const refused[] = {"/ok", "http://localhost:1/", "http://[::1]:1/",
                                          "http://2130706433:1/", "http://169.254.169.254/"};
    struct guard guard;
    struct buf body;
    buf_init(&body, CAP);
    start();
    ck_assert(guard_parse(&guard, STR("")));
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        ck_assert_msg(get(refused[i], &guard, &body).err == FETCH_REFUSED, "%s", refused[i]);
    ck_assert(guard_parse(&guard, STR("127.0.0.0/8")));
    ck_assert_int_eq(get("/ok", &guard, &body).status, 200);
    stop();
    buf_fini(&body);
}
END_TEST

START_TEST(no_proxy_and_what_is_sent)
{
    static const char *const headers[] = {"x-one: 1", "x-two: 2"};
    char url[128];
    struct buf body;
    start();
    buf_init(&body, CAP);
    (void)setenv("http_proxy", "http://127.0.0.1:1", 1);
    snprintf(url, sizeof url, "%s/ok", origin);
    struct fetch_request q = {.url = url, .headers = headers, .n_headers = ARRAY_LEN(headers)};
    ck_assert_int_eq(guarded_fetch(&q, &body).status, 200);
    ck_assert_ptr_eq(strstr(seen, "GET /ok HTTP/1.1\r\n"), seen);
    ck_assert(strstr(seen, "\r\nx-one: 1\r\n") && strstr(seen, "\r\nx-two: 2\r\n"));
    q.body = STR("a=b");
    ck_assert_int_eq(guarded_fetch(&q, &body).status, 200);
    ck_assert_ptr_eq(strstr(seen, "POST /ok HTTP/1.1\r\n"), seen);
    ck_assert(!strstr(seen, "Expect") && strstr(seen, "ontent-Length: 3\r\n"));
    q.method = "PUT";
    ck_assert_int_eq(guarded_fetch(&q, &body).status, 200);
    ck_assert_ptr_eq(strstr(seen, "PUT /ok HTTP/1.1\r\n"), seen);
    (void)unsetenv("http_proxy");
    stop();
    buf_fini(&body);
}
END_TEST

UNIT_MAIN("control guarded_fetch", what_comes_of_it, the_address_is_judged,
          no_proxy_and_what_is_sent)
