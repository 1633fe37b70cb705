/* Lets a test in another language use gcp_assertion: lines of JSON account, token URL and
 * microseconds (tabs between, hexadecimal each) in, lines of "ok FORM" or "refused REASON" out.
 */
#include <sodium.h>
#include <stdio.h>

#include "common/mem.h"
#include "gateway/sign/gcp_assertion.h"

enum { LINE_MAX_BYTES = 1 << 20 };

static struct str next(struct str *line, struct arena *a)
{
    struct str hex = str_cut(line, '\t');
    unsigned char *out = arena_alloc(a, hex.len / 2 + 1);
    size_t len = 0;
    int rc = sodium_hex2bin(out, hex.len / 2 + 1, hex.p, hex.len, NULL, &len, NULL);
    ASSERT(rc == 0);
    return str_make((const char *)out, len);
}

static void answer(struct str line)
{
    struct arena *a = arena_new(4096);
    struct gcp_account account;
    struct buf form;
    int64_t now_us = 0;
    struct str json = next(&line, a), url = next(&line, a);
    bool ok = str_to_i64(next(&line, a), &now_us);
    ASSERT(ok);
    buf_init(&form, GCP_REQUEST_MAX);
    const char *why = gcp_account_read(json, url, a, &account);
    if (!why)
        why = gcp_token_request(&account, now_us, &form);
    if (why)
        printf("refused %s\n", why);
    else
        printf("ok " STR_FMT "\n", STR_ARG(buf_str(&form)));
    (void)fflush(stdout);
    buf_fini(&form);
    arena_free(a);
}

int main(void)
{
    char *line = xmalloc(LINE_MAX_BYTES);
    while (fgets(line, LINE_MAX_BYTES, stdin))
        answer(str_make(line, strcspn(line, "\n")));
    xfree(line);
    return 0;
}
