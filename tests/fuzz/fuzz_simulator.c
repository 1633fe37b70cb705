/* The simulator's readers of outside bytes. HTTP: cut at any place, the same request comes out.
 * Chat bodies: whatever the cheap scan takes, the full parser takes and reads the same. Directives:
 * any text is read or refused.
 */
#include "common/mem.h"
#include "tests/fuzz/fuzz.h"
#include "tests/simulator/chat.h"
#include "tests/simulator/http.h"
#include "tests/simulator/script.h"

/* Parses the first request when the bytes arrive in steps. Returns the run, owned. */
static char *parse(struct http_request *r, enum http_result *res, struct str data, size_t step)
{
    char *run = xmalloc(data.len);
    size_t len = 0;
    http_init(r);
    *res = HTTP_NEED_MORE;
    while (*res == HTTP_NEED_MORE && len < data.len) {
        size_t n = data.len - len < step ? data.len - len : step;
        memcpy(run + len, data.p + len, n);
        len += n;
        *res = http_feed(r, run, len);
    }
    return run;
}

static void check_http(struct str data)
{
    struct http_request whole, cut;
    enum http_result whole_res, cut_res;
    char *a = parse(&whole, &whole_res, data, data.len);
    char *b = parse(&cut, &cut_res, data, 1);
    ASSERT(whole_res == cut_res);
    if (whole_res == HTTP_COMPLETE) {
        ASSERT(whole.consumed == cut.consumed && whole.n_headers == cut.n_headers);
        ASSERT(whole.keep_alive == cut.keep_alive && whole.consumed <= data.len);
        ASSERT(str_eq(http_body(&whole, a), http_body(&cut, b)));
        ASSERT(str_eq(http_str(a, whole.target), http_str(b, cut.target)));
    }
    xfree(a);
    xfree(b);
}

static void check_chat(struct str data)
{
    struct chat_request scanned, parsed;
    struct api_error e;
    chat_init(&scanned);
    bool plain = chat_scan(&scanned, data);
    bool ok = chat_parse(&parsed, data, &e);
    ASSERT(ok || (e.status == 400 && e.message[0]));
    if (plain) {
        ASSERT(ok);
        ASSERT(str_eq(scanned.model, parsed.model));
        ASSERT(str_eq(scanned.last_user, parsed.last_user));
        ASSERT(scanned.stream == parsed.stream && scanned.max_tokens == parsed.max_tokens);
        ASSERT(scanned.include_usage == parsed.include_usage);
        ASSERT(scanned.content_bytes == parsed.content_bytes);
    }
    chat_fini(&parsed);
}

static void check_script(struct str data)
{
    struct script s = SCRIPT_DEFAULT;
    char err[200] = "";
    size_t at, len;
    if (script_read_text(&s, data, &at, &len, err, sizeof err))
        ASSERT(at + len <= data.len);
    else
        ASSERT(err[0] && memchr(err, 0, sizeof err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = str_make((const char *)data, size);
    check_http(s);
    check_chat(s);
    check_script(s);
    return 0;
}
