/* http1: every answer whole, byte by byte and at every single cut gives the same fields, body and
 * verdict.
 */
#include "common/mem.h"
#include "gateway/wire/http1.h"
#include "tests/unit/unit.h"

static void on_field(void *arg, struct str name, struct str value)
{
    buf_printf(arg, "[" STR_FMT "=" STR_FMT "]", STR_ARG(name), STR_ARG(value));
}

static void on_head(void *arg, int status)
{
    buf_printf(arg, "%d:", status);
}

static void on_body(void *arg, struct str bytes)
{
    buf_add_str(arg, bytes);
}

static const struct http1_sink sink = {.field = on_field, .head = on_head, .body = on_body};

static enum http1_rc feed(struct http1 *h, struct str bytes, struct buf *out, size_t *total)
{
    size_t used;
    char *copy = xmalloc(bytes.len + 1); /* exactly as long: a read beyond is seen */
    memcpy(copy, bytes.p, bytes.len);
    enum http1_rc rc = http1_feed(h, str_make(copy, bytes.len), &sink, out, &used);
    xfree(copy);
    ck_assert(used <= bytes.len && (rc != HTTP1_MORE || used == bytes.len));
    *total += used;
    return rc;
}

/* What came out, then how it ended: . complete, with + if the connection may be kept, and the bytes
 * left over; ~ more is needed, & unless the connection's end is the answer's; ! broken. */
static void check(struct str text, size_t first, size_t step, const char *want)
{
    struct http1 h;
    struct buf out;
    size_t total = 0;
    buf_init(&out, 1 << 20);
    http1_init(&h);
    enum http1_rc rc = HTTP1_MORE;
    for (size_t at = 0, n = first; at < text.len && rc == HTTP1_MORE; at += n, n = step) {
        n = n < text.len - at ? n : text.len - at;
        rc = feed(&h, str_make(text.p + at, n), &out, &total);
    }
    if (rc == HTTP1_DONE)
        buf_printf(&out, ".%s%zu", h.keep ? "+" : "", text.len - total);
    else
        buf_add_str(&out, rc == HTTP1_BAD ? STR("!") : http1_ended(&h) ? STR("&") : STR("~"));
    ck_assert_msg(str_eq(buf_str(&out), str_of(want)),
                  "\"" STR_FMT "\" cut at %zu: got \"" STR_FMT "\", expected \"%s\"", STR_ARG(text),
                  first, STR_ARG(buf_str(&out)), want);
    http1_fini(&h);
    buf_fini(&out);
}

#define OK11 "HTTP/1.1 200 OK\r\n"

static const struct {
    const char *text, *want;
} cases[] = {
    {OK11 "Content-Length: 5\r\nX-A:  b c \r\n\r\nhello",
     "[Content-Length=5][X-A=b c]200:hello.+0"},
    {OK11 "content-length: 5\r\n\r\nhelloHTTP/1.1", "[content-length=5]200:hello.+8"},
    {OK11 "content-length: 0\r\n\r\n", "[content-length=0]200:.+0"},
    {OK11 "content-length: 5\r\n\r\nhel", "[content-length=5]200:hel~"},
    {OK11 "content-length: 5\nx: y\n\nhello", "[content-length=5][x=y]200:hello.+0"},
    {"HTTP/1.1 204\r\ncontent-length: 3\r\n\r\nabc", "[content-length=3]204:.+3"},
    {"HTTP/1.1 304 Not Modified\r\n\r\n", "304:.+0"},
    {"HTTP/1.1 200 \r\ncontent-length: 0\r\n\r\n", "[content-length=0]200:.+0"},
    {"HTTP/1.1 599 Odd\r\nx:\r\ncontent-length: 1\r\n\r\nz", "[x=][content-length=1]599:z.+0"},
    /* who ends the connection */
    {OK11 "connection: close\r\ncontent-length: 1\r\n\r\nz",
     "[connection=close][content-length=1]200:z.0"},
    {OK11 "connection: keep-alive, Close\r\ncontent-length: 1\r\n\r\nz",
     "[connection=keep-alive, Close][content-length=1]200:z.0"},
    {"HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nz", "[content-length=1]200:z.0"},
    {"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nz",
     "[connection=keep-alive][content-length=1]200:z.+0"},
    {OK11 "\r\nall of it", "200:all of it&"},
    {OK11 "\r\n", "200:&"},
    /* chunks */
    {OK11 "Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n6;a=\"b\"\r\n world\r\n0\r\n\r\n",
     "[Transfer-Encoding=Chunked]200:hello world.+0"},
    {OK11 "transfer-encoding: chunked\r\n\r\n00A \r\n0123456789\r\n0\r\nx: y\r\nz: w\r\n\r\nmore",
     "[transfer-encoding=chunked]200:0123456789.+4"},
    {OK11 "transfer-encoding: chunked\r\n\r\n1\nz\n0\n\n", "[transfer-encoding=chunked]200:z.+0"},
    {OK11 "transfer-encoding: chunked\r\n\r\n5\r\nhel", "[transfer-encoding=chunked]200:hel~"},
    {OK11 "transfer-encoding: chunked\r\n\r\n5\r\nhelloX\r\n",
     "[transfer-encoding=chunked]200:hello!"},
    {OK11 "transfer-encoding: chunked\r\n\r\n-5\r\nhello\r\n", "[transfer-encoding=chunked]200:!"},
    {OK11 "transfer-encoding: chunked\r\n\r\n0x5\r\nhello\r\n", "[transfer-encoding=chunked]200:!"},
    {OK11 "transfer-encoding: chunked\r\n\r\n\r\n", "[transfer-encoding=chunked]200:!"},
    {OK11 "transfer-encoding: chunked\r\n\r\n1111111111111111\r\n",
     "[transfer-encoding=chunked]200:!"},
    {OK11 "transfer-encoding: chunked\r\n\r\n5 5\r\nhello\r\n", "[transfer-encoding=chunked]200:!"},
    /* both: the chunks count, and nobody trusts the connection afterwards */
    {OK11 "content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n1\r\nz\r\n0\r\n\r\n",
     "[content-length=3][transfer-encoding=chunked]200:z.0"},
    {"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
     "[connection=keep-alive][transfer-encoding=chunked]200:.0"},
    /* what cannot be believed */
    {OK11 "content-length: 3\r\ncontent-length: 3\r\n\r\nabc",
     "[content-length=3][content-length=3]200:abc.+0"},
    {OK11 "content-length: 3\r\ncontent-length: 4\r\n\r\nabcd", "[content-length=3]!"},
    {OK11 "content-length: 3, 3\r\n\r\nabc", "!"},
    {OK11 "content-length: +3\r\n\r\nabc", "!"},
    {OK11 "content-length: -3\r\n\r\nabc", "!"},
    {OK11 "content-length:\r\n\r\nabc", "!"},
    {OK11 "content-length: 9223372036854775808\r\n\r\nabc", "!"},
    {OK11 "transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "!"},
    {OK11 "transfer-encoding: identity\r\n\r\nz", "!"},
    {OK11 "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
     "[transfer-encoding=chunked]!"},
    {OK11 "content-length : 3\r\n\r\nabc", "!"},
    {OK11 " folded: 3\r\n\r\nabc", "!"},
    {OK11 "x: a\r\n b\r\n\r\n", "[x=a]!"},
    {OK11 "nothing\r\n\r\n", "!"},
    {OK11 ": nameless\r\n\r\n", "!"},
    {OK11 "x: a\rb\r\n\r\n", "!"},
    /* interim answers */
    {"HTTP/1.1 100 Continue\r\nx: y\r\n\r\n" OK11 "content-length: 1\r\n\r\nz",
     "[content-length=1]200:z.+0"},
    {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" OK11
     "content-length: 0\r\n\r\n",
     "[content-length=0]200:.+0"},
    {"HTTP/1.1 100 Continue\r\n\r\n", "~"},
    {"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", "!"},
    /* no HTTP/1 */
    {"HTTP/2 200\r\n\r\n", "!"},
    {"HTTP/1.2 200 OK\r\n\r\n", "!"},
    {"HTTP/1.1 2000 OK\r\n\r\n", "!"},
    {"HTTP/1.1 020 OK\r\n\r\n", "!"},
    {"HTTP/1.1  200 OK\r\n\r\n", "!"},
    {"\r\nHTTP/1.1 200 OK\r\n\r\n", "!"},
    {"hello", "!"},
    {"SSH-2.0-OpenSSH\r\n", "!"},
    {"", "~"},
};

START_TEST(answers_in_any_cuts)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str text = str_of(cases[i].text);
        check(text, text.len, 1, cases[i].want);
        check(text, 1, 1, cases[i].want);
        for (size_t cut = 1; cut < text.len; cut++)
            check(text, cut, text.len, cases[i].want);
    }
}
END_TEST

START_TEST(a_zero_byte_in_a_head)
{
    char text[] = OK11 "x: a?b\r\ncontent-length: 0\r\n\r\n";
    *strchr(text, '?') = '\0';
    check(str_make(text, sizeof text - 1), sizeof text - 1, 1, "!");
    check(str_make(text, sizeof text - 1), 1, 1, "!");
}
END_TEST

/* `prefix`, `line` so often, and the verdict; in steps of `step` bytes. */
static enum http1_rc endless(const char *prefix, const char *line, size_t times, size_t step)
{
    struct buf text, out;
    struct http1 h;
    size_t total = 0;
    buf_init(&text, 8 << 20);
    buf_init(&out, 8 << 20);
    buf_add_str(&text, str_of(prefix));
    for (size_t i = 0; i < times; i++)
        buf_add_str(&text, str_of(line));
    http1_init(&h);
    enum http1_rc rc = HTTP1_MORE;
    for (size_t at = 0, n; at < text.len && rc == HTTP1_MORE; at += n) {
        n = step < text.len - at ? step : text.len - at;
        rc = feed(&h, str_make(text.p + at, n), &out, &total);
    }
    http1_fini(&h);
    buf_fini(&text);
    buf_fini(&out);
    return rc;
}

START_TEST(heads_and_trailers_are_capped)
{
    const char *chunked = OK11 "transfer-encoding: chunked\r\n\r\n";
    for (size_t step = 1000; step < 1 << 20; step *= 8) {
        ck_assert_int_eq(endless(OK11, "x: 0123456789\r\n", 20000, step), HTTP1_BAD);
        ck_assert_int_eq(endless(OK11, "x", 200000, step), HTTP1_BAD);
        ck_assert_int_eq(endless("", "HTTP/1.1 100 Continue\r\n\r\n", 20000, step), HTTP1_BAD);
        ck_assert_int_eq(endless(OK11 "transfer-encoding: chunked\r\n\r\n1;", "x", 20000, step),
                         HTTP1_BAD);
        ck_assert_int_eq(
            endless(OK11 "transfer-encoding: chunked\r\n\r\n0\r\n", "x: y\r\n", 3000, step),
            HTTP1_BAD);
        ck_assert_int_eq(endless(chunked, "1;ext\r\nz\r\n", 20000, step), HTTP1_MORE);
    }
    ck_assert_int_eq(endless(OK11, "x: 0123456789\r\n", 8000, 4096), HTTP1_MORE);
}
END_TEST

UNIT_MAIN("http1", answers_in_any_cuts, a_zero_byte_in_a_head, heads_and_trailers_are_capped)
