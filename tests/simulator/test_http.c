/* The simulator's HTTP parser: every good run of bytes gives the same requests whole, byte by byte
 * and cut at each single place; every bad one is refused however it arrives.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/mem.h"
#include "tests/simulator/http.h"

enum { RUN_MAX = 4096 };

static const struct {
    const char *run, *events;
} GOOD[] = {
    {"GET / HTTP/1.1\r\n\r\n", "GET / keep [] body=\n"},
    {"GET /v1/models?x=1 HTTP/1.0\r\nHost: a\r\n\r\n", "GET /v1/models?x=1 close [Host=a] body=\n"},
    {"POST /a HTTP/1.1\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
     "POST /a close [Content-Length=5][Connection=close] body=hello\n"},
    {"POST /a HTTP/1.1\r\nX-Empty:\r\nX-Pad: \t two words \t\r\ncontent-length: 3\r\n\r\nabc"
     "GET /b HTTP/1.1\r\n\r\n",
     "POST /a keep [X-Empty=][X-Pad=two words][content-length=3] body=abc\nGET /b keep [] body=\n"},
    {"POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
     "5\r\nhello\r\n1;x=y\r\n \r\nB\r\nbig\r\n world\r\n0\r\nTrailer: t\r\n\r\n"
     "POST /d HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n0\r\n\r\n",
     "POST /c keep [Transfer-Encoding=chunked] body=hello big\r\n world\n"
     "POST /d keep [transfer-encoding=Chunked] body=\n"},
    {"POST /e HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n\r\n\r\n",
     "POST /e keep [Content-Length=4][Content-Length=4] body=\r\n\r\n\n"},
};

static const char *const BAD[] = {
    "GET\r\n\r\n",
    "GET /\r\n\r\n",
    " GET / HTTP/1.1\r\n\r\n",
    "GET  HTTP/1.1\r\n\r\n",
    "GET / HTTP/2.0\r\n\r\n",
    "GET / HTTP/1.2\r\n\r\n",
    "GET / HTTP/1.1 \r\n\r\n",
    "\r\n\r\n",
    "GET / HTTP/1.1\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "GET / HTTP/1.1\r\n: a\r\n\r\n",
    "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    "GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
    "GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n123456789\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\nA\r\n",
};

/* A connection's side of the parser: bytes come in portions, requests go out as text. */
struct reader {
    struct http_request request;
    struct buf in, events;
    enum http_result last;
};

static void reader_init(struct reader *r)
{
    http_init(&r->request);
    buf_init(&r->in, RUN_MAX);
    buf_init(&r->events, RUN_MAX);
    r->last = HTTP_NEED_MORE;
}

static void reader_fini(struct reader *r)
{
    buf_fini(&r->in);
    buf_fini(&r->events);
}

static void describe(struct reader *r)
{
    const struct http_request *q = &r->request;
    const char *run = r->in.p;
    buf_add_str(&r->events, http_str(run, q->method));
    buf_add_char(&r->events, ' ');
    buf_add_str(&r->events, http_str(run, q->target));
    buf_add_str(&r->events, q->keep_alive ? STR(" keep [") : STR(" close ["));
    for (uint32_t i = 0; i < q->n_headers; i++) {
        buf_add_str(&r->events, i > 0 ? STR("][") : STR(""));
        buf_add_str(&r->events, http_str(run, q->headers[i].name));
        buf_add_char(&r->events, '=');
        buf_add_str(&r->events, http_str(run, q->headers[i].value));
    }
    buf_add_lit(&r->events, "] body=");
    buf_add_str(&r->events, http_body(q, run));
    buf_add_char(&r->events, '\n');
}

static void read_portion(struct reader *r, const char *p, size_t len)
{
    buf_add(&r->in, p, len);
    while (r->in.len > 0 && (r->last == HTTP_NEED_MORE || r->last == HTTP_COMPLETE)) {
        r->last = http_feed(&r->request, r->in.p, r->in.len);
        if (r->last != HTTP_COMPLETE) {
            return;
        }
        describe(r);
        buf_drop(&r->in, r->request.consumed);
        http_init(&r->request);
    }
}

static void same_events(const char *run, size_t first, size_t step, const char *want)
{
    struct reader r;
    size_t len = strlen(run);
    reader_init(&r);
    read_portion(&r, run, first);
    for (size_t at = first; at < len; at += step) {
        read_portion(&r, run + at, len - at < step ? len - at : step);
    }
    buf_add_char(&r.events, 0);
    ck_assert_msg(strcmp(r.events.p, want) == 0, "cut at %zu, then every %zu:\n%s\nwanted:\n%s",
                  first, step, r.events.p, want);
    ck_assert_uint_eq(r.in.len, 0);
    reader_fini(&r);
}

START_TEST(good_runs_parse_the_same_however_cut)
{
    const char *run = GOOD[_i].run;
    size_t len = strlen(run);
    same_events(run, len, 1, GOOD[_i].events);
    same_events(run, 0, 1, GOOD[_i].events);
    for (size_t cut = 0; cut <= len; cut++) {
        same_events(run, cut, len, GOOD[_i].events);
    }
}
END_TEST

START_TEST(bad_runs_are_refused_however_cut)
{
    size_t len = strlen(BAD[_i]);
    for (size_t step = 1; step <= len; step++) {
        struct reader r;
        reader_init(&r);
        for (size_t at = 0; at < len; at += step) {
            read_portion(&r, BAD[_i] + at, len - at < step ? len - at : step);
        }
        ck_assert_msg(r.last == HTTP_BAD, "'%s' in steps of %zu gives %d", BAD[_i], step, r.last);
        ck_assert_uint_eq(r.events.len, 0);
        reader_fini(&r);
    }
}
END_TEST

START_TEST(sizes_are_bounded)
{
    struct http_request r;
    char *big = xmalloc(HTTP_MAX_HEAD + 100);
    memset(big, 'a', HTTP_MAX_HEAD + 100);
    http_init(&r);
    ck_assert_int_eq(http_feed(&r, big, HTTP_MAX_HEAD), HTTP_NEED_MORE);
    ck_assert_int_eq(http_feed(&r, big, HTTP_MAX_HEAD + 100), HTTP_HEAD_TOO_BIG);
    xfree(big);
    char length[] = "POST / HTTP/1.1\r\nContent-Length: 67108865\r\n\r\n";
    http_init(&r);
    ck_assert_int_eq(http_feed(&r, length, sizeof(length) - 1), HTTP_BODY_TOO_BIG);
    char chunk[] = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4000001\r\n";
    http_init(&r);
    ck_assert_int_eq(http_feed(&r, chunk, sizeof(chunk) - 1), HTTP_BODY_TOO_BIG);
}
END_TEST

START_TEST(too_many_headers_are_refused)
{
    struct http_request r;
    struct buf run;
    buf_init(&run, 1 << 16);
    buf_add_lit(&run, "GET / HTTP/1.1\r\n");
    for (int i = 0; i <= HTTP_MAX_HEADERS; i++) {
        buf_add_lit(&run, "A: b\r\n");
    }
    buf_add_lit(&run, "\r\n");
    http_init(&r);
    ck_assert_int_eq(http_feed(&r, run.p, run.len), HTTP_BAD);
    buf_fini(&run);
}
END_TEST

START_TEST(headers_are_found_by_name)
{
    char run[] = "GET / HTTP/1.1\r\nX-Request-ID: first\r\nx-request-id: second\r\n\r\n";
    struct http_request r;
    http_init(&r);
    ck_assert_int_eq(http_feed(&r, run, sizeof(run) - 1), HTTP_COMPLETE);
    ck_assert(str_eq(http_value(&r, run, STR("x-request-id")), STR("first")));
    ck_assert_ptr_null(http_value(&r, run, STR("x-request")).p);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("simulator http");
    TCase *t = tcase_create("all");
    tcase_add_loop_test(t, good_runs_parse_the_same_however_cut, 0, ARRAY_LEN(GOOD));
    tcase_add_loop_test(t, bad_runs_are_refused_however_cut, 0, ARRAY_LEN(BAD));
    tcase_add_test(t, sizes_are_bounded);
    tcase_add_test(t, too_many_headers_are_refused);
    tcase_add_test(t, headers_are_found_by_name);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
