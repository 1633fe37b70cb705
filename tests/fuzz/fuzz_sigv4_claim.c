/* Authorization headers of Signature Version 4, and the verifier behind them: what is read lies in
 * the input and is clean; a request that somebody else made up is never good.
 */
#include "gateway/sign/sigv4_verify.h"
#include "tests/fuzz/fuzz.h"

static void check_part(struct str whole, struct str part)
{
    ASSERT(part.len > 0 && part.p >= whole.p && part.p + part.len <= whole.p + whole.len);
    for (size_t i = 0; i < part.len; i++)
        ASSERT(part.p[i] > ' ' && part.p[i] < 0x7f && part.p[i] != ',');
}

/* The first line is the header; the second path and query; the rest is a header's value. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_make((const char *)data, size);
    struct str authorization = str_cut(&rest, '\n');
    struct str path = rest.p ? str_cut(&rest, '\n') : STR("/");
    struct str query = path;
    path = str_cut(&query, '?');
    struct sigv4_claim c;
    if (!sigv4_parse(authorization, &c))
        return 0;
    check_part(authorization, c.access_key_id);
    check_part(authorization, c.day);
    check_part(authorization, c.scope.region);
    check_part(authorization, c.scope.service);
    check_part(authorization, c.signed_names);
    ASSERT(c.signature.len == 64 && c.day.len == 8);
    struct str value = rest.p ? rest : STR("");
    const struct sigv4_header headers[] = {
        {STR("Host"), STR("example.org")},
        {STR("X-Amz-Date"), STR("20150830T123600Z")},
        {STR("My-Header1"), value},
        {STR("x-amz-date-2"), value},
    };
    char hash[SIGV4_HEX_BYTES];
    sigv4_body_hash(value, hash);
    const struct sigv4_request q = {.method = STR("POST"),
                                    .path = path,
                                    .query = query.p ? query : STR(""),
                                    .headers = headers,
                                    .n_headers = ARRAY_LEN(headers),
                                    .body_hash = str_of(hash)};
    ASSERT(sigv4_verify(&c, &q, STR("a secret that is in no corpus"), NULL,
                        INT64_C(1440938160) * 1000000) != SIGV4_GOOD);
    return 0;
}
