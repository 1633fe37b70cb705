/* Credentials as JSON and answers of a token service. (Signatures: test_sigv4, tests/sign.) */
#include <stdio.h>

#include "common/arena.h"
#include "gateway/sign/gcp_assertion.h"
#include "gateway/sign/sigv4_key.h"
#include "tests/unit/unit.h"

static struct arena *arena;

START_TEST(reads_key_pairs)
{
    static const struct {
        const char *text, *token, *why; /* why: a part of the complaint; NULL: fine */
    } rows[] = {
        {"{\"access_key_id\":\"AK\",\"secret_access_key\":\"s/+\"}", "", NULL},
        {" {\"secret_access_key\":\"s/+\",\"access_key_id\":\"AK\",\"session_token\":null}", "",
         NULL},
        {"{\"access_key_id\":\"A\\u004b\",\"secret_access_key\":\"s/+\",\"session_token\":\"t=\","
         "\"region\":{\"a\":[1]}}",
         "t=", NULL},
        {"", "", "no JSON object"},
        {"AKID", "", "no JSON object"},
        {"{\"access_key_id\":\"AK\"}", "", "secret_access_key"},
        {"{\"secret_access_key\":\"s\"}", "", "access_key_id"},
        {"{\"access_key_id\":1,\"secret_access_key\":\"s\"}", "", "access_key_id"},
        {"{\"access_key_id\":\"AK\",\"secret_access_key\":\"\"}", "", "secret_access_key"},
        {"{\"access_key_id\":\"AK\",\"access_key_id\":\"BK\",\"secret_access_key\":\"s\"}", "",
         "access_key_id"},
        {"{\"access_key_id\":\"A\\r\\nK\",\"secret_access_key\":\"s\"}", "", "character"},
        {"{\"access_key_id\":\"A/K\",\"secret_access_key\":\"s\"}", "", "character"},
        {"{\"access_key_id\":\"AK\",\"secret_access_key\":\"s\",\"session_token\":7}", "",
         "session_token"},
        {"{\"access_key_id\":\"AK\",\"secret_access_key\":\"s\",\"session_token\":\"a b\"}", "",
         "character"},
        {"{\"access_key_id\":\"AK\",\"secret_access_key\":\"s\"} x", "", "no JSON object"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sigv4_key key;
        const char *why = sigv4_key_read(str_of(rows[i].text), arena, &key);
        if (rows[i].why) {
            ck_assert_msg(why && strstr(why, rows[i].why), "%s", rows[i].text);
            continue;
        }
        ck_assert_msg(!why, "%s", rows[i].text);
        ck_assert_text(key.access_key_id, "AK");
        ck_assert_text(key.secret_access_key, "s/+");
        ck_assert_text(key.session_token, rows[i].token);
    }
    ck_assert(sigv4_key_is_pair(STR(" {")) && !sigv4_key_is_pair(STR("ABSK{")));
}
END_TEST

START_TEST(reads_token_answers)
{
    static const struct {
        const char *text;
        int64_t lifetime_s; /* 0: makes no sense */
    } rows[] = {
        {"{\"access_token\":\"ya29.a\",\"expires_in\":3599,\"token_type\":\"Bearer\"}", 3599},
        {"{\"access_token\":\"ya29.a\",\"expires_in\":3599.0}", 3599},
        {"{\"expires_in\":999999999,\"access_token\":\"ya29.a\"}", 86400},
        {"{\"access_token\":\"ya29.a\",\"expires_in\":0}", 0},
        {"{\"access_token\":\"ya29.a\",\"expires_in\":-5}", 0},
        {"{\"access_token\":\"ya29.a\",\"expires_in\":\"3599\"}", 0},
        {"{\"access_token\":\"ya29.a\"}", 0},
        {"{\"access_token\":\"\",\"expires_in\":10}", 0},
        {"{\"access_token\":\"a\\nb: c\",\"expires_in\":10}", 0},
        {"{\"access_token\":{},\"expires_in\":10}", 0},
        {"{\"id_token\":\"x\",\"expires_in\":10}", 0},
        {"[]", 0},
        {"", 0},
        {"<html>", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str token;
        int64_t lifetime_s = 0;
        bool ok = gcp_token_answer(str_of(rows[i].text), arena, &token, &lifetime_s);
        ck_assert_msg(ok == (rows[i].lifetime_s > 0), "%s", rows[i].text);
        if (!ok)
            continue;
        ck_assert_text(token, "ya29.a");
        ck_assert_int_eq(lifetime_s, rows[i].lifetime_s);
    }
}
END_TEST

START_TEST(tokens_have_a_cap)
{
    static char text[GCP_TOKEN_MAX + 64];
    for (size_t extra = 0; extra < 2; extra++) {
        struct str token;
        int64_t lifetime_s;
        int n = snprintf(text, sizeof text, "{\"expires_in\":9,\"access_token\":\"");
        memset(text + n, 'a', GCP_TOKEN_MAX + extra);
        memcpy(text + n + GCP_TOKEN_MAX + extra, "\"}", 3);
        ck_assert_int_eq(gcp_token_answer(str_of(text), arena, &token, &lifetime_s), extra == 0);
    }
}
END_TEST

START_TEST(shows_a_refusals_word_and_nothing_else)
{
    ck_assert_text(gcp_token_refusal(STR("{\"error\":\"invalid_grant\",\"error_description\":1}")),
                   "invalid_grant");
    ck_assert_text(gcp_token_refusal(STR("{\"error\":\"Bad <b>\"}")), "");
    ck_assert_text(gcp_token_refusal(STR("{\"error\":{\"code\":400}}")), "");
    ck_assert_text(gcp_token_refusal(STR("oops")), "");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {reads_key_pairs, reads_token_answers, tokens_have_a_cap,
                                  shows_a_refusals_word_and_nothing_else};
    arena = arena_new(1024);
    int rc = unit_run("sign", tests, ARRAY_LEN(tests));
    arena_free(arena);
    return rc;
}
