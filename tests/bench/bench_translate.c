/* What translating a prompt of about 1 MB (200,000 tokens) costs beside parsing and dumping it with
 * jansson, in CPU time. One line a pair: "client provider bytes us_translated us_jansson ratio".
 * Single- threaded; judges nothing.
 */
#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "common/arena.h"
#include "common/buf.h"
#include "gateway/dialect/dialect.h"

enum { PROMPT_BYTES = 1000 * 1000, TURN_BYTES = 4000, ROUNDS = 15 };

/* CPU time: other processes do not count. */
static int64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Turns of prose and of code, as long conversations have them: escapes in one of two. */
static void make_prompt(struct buf *b, const char *lead)
{
    static const char *const text[] = {
        "The quick brown fox jumps over the lazy dog while the rain keeps falling. ",
        "    if (x->n > 0 && *p == '\\\\') {\\n\\t\\treturn \\\"a line\\\";\\n    }\\n"};
    buf_reset(b);
    buf_add_str(b, str_of(lead));
    for (int i = 0; b->len < PROMPT_BYTES; i++) {
        buf_printf(b, "%s{\"role\":\"%s\",\"content\":\"", i ? "," : "",
                   i % 2 ? "assistant" : "user");
        for (size_t begin = b->len; b->len - begin < TURN_BYTES;)
            buf_add_str(b, str_of(text[i / 2 % 2]));
        buf_add_lit(b, "\"}");
    }
    ASSERT(buf_add_lit(b, "]}"));
}

static void translate(const struct dialect *from, const struct dialect *to, struct str body,
                      struct arena *a, struct buf *out)
{
    struct dialect_request scan;
    struct dialect_refusal why;
    struct dialect_loss loss = {0};
    struct ir_chat chat;
    const struct dialect_target target = {
        .model = STR("m"), .max_output = -1, .max_temperature_milli = -1};
    buf_reset(out);
    ASSERT(from->scan_request(body, &(struct dialect_call){0}, a, &scan, &why) == E_OK);
    ASSERT(from->parse_request(body, &scan, a, &chat, &why) == E_OK);
    ASSERT(to->emit_request(&chat, &target, a, out, &loss) == E_OK && !out->failed);
    arena_reset(a);
}

static void parse_and_dump(struct str body)
{
    json_error_t e;
    json_t *v = json_loadb(body.p, body.len, 0, &e);
    ASSERT(v);
    char *text = json_dumps(v, JSON_COMPACT);
    ASSERT(text);
    free(text);
    json_decref(v);
}

static int64_t best(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void measure(const char *from, const char *to, struct str body, struct buf *out)
{
    struct arena *a = arena_new(1 << 20);
    int64_t ours = INT64_MAX, theirs = INT64_MAX;
    for (int i = 0; i < ROUNDS; i++) {
        int64_t begin = now_ns();
        translate(dialect_find(str_of(from)), dialect_find(str_of(to)), body, a, out);
        int64_t middle = now_ns();
        parse_and_dump(body);
        theirs = best(theirs, now_ns() - middle);
        ours = best(ours, middle - begin);
    }
    printf("%s %s %zu %lld %lld %.3f\n", from, to, body.len, (long long)ours / 1000,
           (long long)theirs / 1000, (double)ours / (double)theirs);
    arena_free(a);
}

int main(void)
{
    struct buf body, out;
    buf_init(&body, 8 << 20);
    buf_init(&out, 8 << 20);
    make_prompt(&body, "{\"model\":\"m\",\"max_tokens\":100,\"messages\":[");
    measure("openai", "anthropic", buf_str(&body), &out);
    measure("openai", "google", buf_str(&body), &out);
    measure("openai", "bedrock", buf_str(&body), &out);
    measure("openai", "openai-responses", buf_str(&body), &out);
    measure("anthropic", "openai", buf_str(&body), &out);
    measure("anthropic", "google", buf_str(&body), &out);
    measure("anthropic", "bedrock", buf_str(&body), &out);
    buf_fini(&body);
    buf_fini(&out);
    return 0;
}
