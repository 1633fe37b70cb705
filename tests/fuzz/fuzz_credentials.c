/* Credentials and answers that are JSON: service accounts, key pairs, token answers. What is taken
 * is whole and clean; an error text holds nothing of the input.
 */
#include "gateway/sign/gcp_assertion.h"
#include "gateway/sign/sigv4_key.h"
#include "tests/fuzz/fuzz.h"

static void check_account(struct str s, struct arena *a)
{
    struct gcp_account account;
    const char *why = gcp_account_read(s, STR("http://127.0.0.1/token"), a, &account);
    if (why) {
        ASSERT(*why);
        return;
    }
    ASSERT(str_find_str(s, STR("service_account")) >= 0 || str_find(s, '\\') >= 0);
    ASSERT(account.email.len && account.private_key.len);
    ASSERT(str_eq(account.token_url, STR("http://127.0.0.1/token")));
    struct buf form;
    buf_init(&form, GCP_REQUEST_MAX);
    why = gcp_token_request(&account, 0, &form);
    ASSERT(why || form.len > account.email.len);
    buf_fini(&form);
}

static void check_visible(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        ASSERT(s.p[i] > ' ' && s.p[i] < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = str_make((const char *)data, size), token = STR("");
    struct arena *a = arena_new(1024);
    struct sigv4_key key;
    int64_t lifetime_s = 0;
    check_account(s, a);
    if (sigv4_key_is_pair(s) && !sigv4_key_read(s, a, &key)) {
        check_visible(key.access_key_id);
        check_visible(key.secret_access_key);
        check_visible(key.session_token);
        ASSERT(key.access_key_id.len && key.secret_access_key.len);
    }
    if (gcp_token_answer(s, a, &token, &lifetime_s)) {
        check_visible(token);
        ASSERT(token.len && token.len <= GCP_TOKEN_MAX && lifetime_s >= 1 && lifetime_s <= 86400);
    }
    ASSERT(gcp_token_refusal(s).len <= 64);
    arena_free(a);
    return 0;
}
