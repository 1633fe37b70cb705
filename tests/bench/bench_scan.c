/* Nanoseconds per byte of reading chat requests and answers, on bodies of several sizes. Run by
 * hand: it prints a table and judges nothing. Single-threaded.
 */
#include <stdio.h>
#include <time.h>

#include "common/arena.h"
#include "common/buf.h"
#include "gateway/dialect/dialect.h"
#include "gateway/wire/json_scan.h"
#include "gateway/wire/sse.h"

/* CPU time: other processes do not count. */
static int64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

typedef void pass_fn(struct str body, struct arena *a);

static void scan_request(struct str body, struct arena *a)
{
    struct dialect_request out;
    struct dialect_refusal why;
    ASSERT(
        dialect_find(STR("openai"))->scan_request(body, &(struct dialect_call){0}, a, &out, &why) ==
        E_OK);
}

static void scan_answer(struct str body, struct arena *a)
{
    struct dialect_answer out;
    ASSERT(dialect_find(STR("openai"))->scan_answer(body, a, &out));
}

static void scan_tokens(struct str body, struct arena *a)
{
    struct json_scan s;
    (void)a;
    json_scan_init(&s, body, true);
    while (json_scan_next(&s) > JSON_END)
        continue;
    ASSERT(s.token == JSON_END);
}

static void parse_events(struct str body, struct arena *a)
{
    struct sse s;
    struct sse_event e;
    (void)a;
    sse_init(&s, SSE_EVENT_MAX_BYTES);
    for (size_t at = 0; at < body.len; at += 16384) {
        size_t n = body.len - at < 16384 ? body.len - at : 16384;
        ASSERT(sse_feed(&s, str_make(body.p + at, n)));
        while (sse_next(&s, &e))
            continue;
    }
    sse_fini(&s);
}

/* The best of several rounds, each of about 100 ms. */
static void measure(const char *name, pass_fn *pass, struct str body)
{
    struct arena *a = arena_new(65536);
    int64_t best = INT64_MAX;
    int64_t times = 100000000 / (int64_t)(body.len + 200) / 2 + 1;
    for (int round = 0; round < 5; round++) {
        int64_t begin = now_ns();
        for (int64_t i = 0; i < times; i++) {
            pass(body, a);
            arena_reset(a);
        }
        int64_t took = now_ns() - begin;
        best = took < best ? took : best;
    }
    double ns = (double)best / (double)times;
    printf("%-28s %9zu bytes %10.0f ns %7.3f ns/byte %8.2f GB/s\n", name, body.len, ns,
           ns / (double)body.len, (double)body.len / ns);
    arena_free(a);
}

/* A conversation of `size` bytes or a little more, in words of `word` each. */
static void make_request(struct buf *b, size_t size, const char *word)
{
    buf_reset(b);
    buf_add_lit(b, "{\"model\":\"gpt-4o-mini\",\"temperature\":0.7,\"max_tokens\":256,"
                   "\"stream\":true,\"stream_options\":{\"include_usage\":true},\"messages\":[");
    for (bool first = true; b->len + 4 < size; first = false) {
        buf_add_str(b, first ? STR("{\"role\":\"user\",\"content\":\"")
                             : STR(",{\"role\":\"user\",\"content\":\""));
        for (size_t begin = b->len; b->len - begin < 600 && b->len + 4 < size;)
            buf_add_str(b, str_of(word));
        buf_add_lit(b, "\"}");
    }
    ASSERT(buf_add_lit(b, "]}"));
}

static void make_tools(struct buf *b, size_t size)
{
    buf_reset(b);
    buf_add_lit(b, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
                   "\"tools\":[");
    for (bool first = true; b->len < size; first = false)
        buf_printf(b,
                   "%s{\"type\":\"function\",\"function\":{\"name\":\"f%zu\",\"parameters\":"
                   "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"},\"n\":"
                   "{\"type\":\"number\"}},\"required\":[\"city\",\"n\"]}}}",
                   first ? "" : ",", b->len);
    ASSERT(buf_add_lit(b, "]}"));
}

int main(void)
{
    static const size_t sizes[] = {250, 4096, 100 * 1024};
    struct buf b;
    buf_init(&b, 64 << 20);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        make_request(&b, sizes[i], "some words and then ");
        measure("scan_request, English", scan_request, buf_str(&b));
    }
    make_request(&b, 100 * 1024, "a line of code();\\n\\t\\\"x\\\" ");
    measure("scan_request, escapes", scan_request, buf_str(&b));
    make_request(&b, 100 * 1024, "\xE4\xBD\xA0\xE5\xA5\xBD");
    measure("scan_request, 3-byte UTF-8", scan_request, buf_str(&b));
    make_tools(&b, 100 * 1024);
    measure("scan_request, tools", scan_request, buf_str(&b));
    buf_reset(&b);
    buf_add_char(&b, '"');
    while (b.len < 10 << 20)
        buf_add_lit(&b, "aGVsbG8gd29ybGQs");
    buf_add_char(&b, '"');
    measure("tokens, one long string", scan_tokens, buf_str(&b));
    measure(
        "scan_answer", scan_answer,
        STR("{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\","
            "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
            "\"Hello, how can I help you today?\"},\"finish_reason\":\"stop\"}],\"usage\":"
            "{\"prompt_tokens\":9,\"completion_tokens\":9,\"total_tokens\":18}}"));
    buf_reset(&b);
    while (b.len < 1 << 20)
        buf_add_lit(&b, "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\","
                        "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n");
    measure("events", parse_events, buf_str(&b));
    buf_fini(&b);
    return 0;
}
