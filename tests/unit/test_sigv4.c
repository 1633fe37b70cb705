/* sigv4: AWS's published test vectors (aws-sig-v4-test-suite, and the IAM example of the
 * documentation), signed and verified; what the verifier refuses.
 */
#include "common/crypto.h"
#include "gateway/sign/sigv4.h"

#include <stdio.h>

#include "gateway/sign/sigv4_verify.h"
#include "tests/unit/sigv4_vectors.h"
#include "tests/unit/unit.h"

/* A request of the suite, with room for what a signature adds. */
struct sample {
    struct sigv4_header header[16];
    char body_hash[SIGV4_HEX_BYTES];
    struct sigv4_request q;
    struct sigv4_key key;
    struct arena *arena;
    struct sigv4_lines lines;
};

static void sample_init(struct sample *s, const struct vector *v)
{
    *s = (struct sample){.arena = arena_new(1024)};
    sigv4_body_hash(str_of(v->body), s->body_hash);
    s->header[0] = (struct sigv4_header){STR("Host"), STR("example.amazonaws.com")};
    size_t n = 1;
    for (size_t i = 0; i < ARRAY_LEN(v->header) && v->header[i].name.p; i++)
        s->header[n++] = v->header[i];
    s->q = (struct sigv4_request){
        .method = str_of(v->method),
        .path = str_of(v->path),
        .query = str_of(v->query),
        .headers = s->header,
        .n_headers = n,
        .body_hash = str_of(s->body_hash),
    };
    s->key = (struct sigv4_key){STR("AKIDEXAMPLE"), STR(SECRET), str_of(v->token)};
}

static struct str value_of(const char *line)
{
    struct str value = str_of(line);
    (void)str_cut(&value, ' ');
    return value;
}

/* Signs, and makes the signature's headers part of the request as a server sees it. */
static void sample_sign(struct sample *s, const struct vector *v)
{
    ck_assert(sigv4_sign(&s->q, &s->key, &scope, WALL_US, v->content_hash, s->arena, &s->lines));
    struct sigv4_header *to = s->header + s->q.n_headers;
    *to++ = (struct sigv4_header){STR("X-Amz-Date"), value_of(s->lines.date)};
    if (s->lines.security_token)
        *to++ = (struct sigv4_header){STR("X-Amz-Security-Token"),
                                      value_of(s->lines.security_token)};
    if (s->lines.content_hash)
        *to++ = (struct sigv4_header){STR("X-Amz-Content-SHA256"), value_of(s->lines.content_hash)};
    s->q.n_headers = (size_t)(to - s->header);
}

START_TEST(signs_and_verifies_the_published_vectors)
{
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        const struct vector *v = &vectors[i];
        struct sample s;
        struct sigv4_claim claim;
        char want[1024];
        (void)snprintf(want, sizeof want,
                       "authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/"
                       "service/aws4_request, SignedHeaders=%s, Signature=%s",
                       v->names, v->signature);
        sample_init(&s, v);
        sample_sign(&s, v);
        ck_assert_str_eq(s.lines.authorization, want);
        ck_assert_str_eq(s.lines.date, "x-amz-date: 20150830T123600Z");
        ck_assert_int_eq(s.lines.security_token != NULL, *v->token != '\0');
        ck_assert(sigv4_parse(value_of(s.lines.authorization), &claim));
        ck_assert_text(claim.access_key_id, "AKIDEXAMPLE");
        ck_assert_text(claim.scope.service, "service");
        ck_assert_int_eq(sigv4_verify(&claim, &s.q, STR(SECRET), NULL, WALL_US), SIGV4_GOOD);
        ck_assert_int_eq(sigv4_verify(&claim, &s.q, STR("other"), NULL, WALL_US), SIGV4_WRONG);
        arena_free(s.arena);
    }
}
END_TEST

/* docs.aws.amazon.com, "Examples of the complete signing process": ListUsers. */
START_TEST(signs_the_documentations_example)
{
    struct arena *a = arena_new(1024);
    struct sigv4_lines lines;
    char hash[SIGV4_HEX_BYTES];
    const struct sigv4_header headers[] = {
        H("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
        H("Host", "iam.amazonaws.com")};
    sigv4_body_hash(STR(""), hash);
    const struct sigv4_request q = {.method = STR("GET"),
                                    .path = STR("/"),
                                    .query = STR("Action=ListUsers&Version=2010-05-08"),
                                    .headers = headers,
                                    .n_headers = 2,
                                    .body_hash = str_of(hash)};
    const struct sigv4_key key = {STR("AKIDEXAMPLE"), STR(SECRET), STR("")};
    const struct sigv4_scope iam = {STR("us-east-1"), STR("iam")};
    ck_assert(sigv4_sign(&q, &key, &iam, WALL_US, false, a, &lines));
    ck_assert(str_ends(str_of(lines.authorization),
                       STR("SignedHeaders=content-type;host;x-amz-date, Signature="
                           "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")));
    arena_free(a);
}
END_TEST

/* A colon in a path was encoded once by whoever wrote the request line; it is encoded once more to
 * be signed, and an unencoded one is another request. */
START_TEST(the_raw_path_is_what_counts)
{
    const struct vector encoded = {.method = "POST",
                                   .path = "/model/a.b-v1%3A0/converse",
                                   .query = "",
                                   .token = "",
                                   .body = "{}"};
    struct vector plain = encoded;
    struct sample s;
    struct sigv4_claim claim;
    plain.path = "/model/a.b-v1:0/converse";
    sample_init(&s, &encoded);
    sample_sign(&s, &encoded);
    ck_assert(sigv4_parse(value_of(s.lines.authorization), &claim));
    ck_assert_int_eq(sigv4_verify(&claim, &s.q, STR(SECRET), NULL, WALL_US), SIGV4_GOOD);
    s.q.path = str_of(plain.path);
    ck_assert_int_eq(sigv4_verify(&claim, &s.q, STR(SECRET), NULL, WALL_US), SIGV4_WRONG);
    arena_free(s.arena);
}
END_TEST

START_TEST(every_part_of_a_request_is_signed)
{
    const struct vector v = {.method = "POST",
                             .path = "/a/b",
                             .query = "x=1&y=2",
                             .header = {H("Content-Type", "text/plain")},
                             .token = "",
                             .body = "body",
                             .content_hash = true};
    struct sample s;
    struct sigv4_claim claim;
    char other[SIGV4_HEX_BYTES];
    sigv4_body_hash(STR("Body"), other);
    sample_init(&s, &v);
    sample_sign(&s, &v);
    ck_assert(sigv4_parse(value_of(s.lines.authorization), &claim));
    const struct sigv4_request good = s.q;
#define VERDICT() sigv4_verify(&claim, &s.q, STR(SECRET), NULL, WALL_US)
#define EXPECT(change, verdict)                                                                    \
    do {                                                                                           \
        s.q = good;                                                                                \
        change;                                                                                    \
        ck_assert_msg(VERDICT() == (verdict), "%s", #change);                                      \
    } while (0)
    EXPECT((void)0, SIGV4_GOOD);
    EXPECT(s.q.query = STR("y=2&x=1"), SIGV4_GOOD);
    EXPECT(s.q.query = STR("x=%31&&y=2"), SIGV4_GOOD);
    EXPECT(s.q.method = STR("PUT"), SIGV4_WRONG);
    EXPECT(s.q.path = STR("/a/c"), SIGV4_WRONG);
    EXPECT(s.q.query = STR("x=1"), SIGV4_WRONG);
    EXPECT(s.q.query = STR("x=1&y=3"), SIGV4_WRONG);
    EXPECT(s.q.body_hash = str_of(other), SIGV4_BODY);
    EXPECT(s.q.n_headers -= 2, SIGV4_UNSIGNED); /* no x-amz-date */
    struct sigv4_header content_type = s.header[1];
    s.header[1].value = STR("text/html");
    EXPECT((void)0, SIGV4_WRONG);
    s.header[1].name = STR("content-typo");
    EXPECT((void)0, SIGV4_WRONG);
    s.header[1] = content_type;
    claim.scope.region = STR("eu-west-1");
    EXPECT((void)0, SIGV4_WRONG);
    arena_free(s.arena);
}
END_TEST

START_TEST(old_and_early_signatures_are_stale)
{
    static const struct {
        int64_t off_s;
        enum sigv4_verdict want;
    } rows[] = {{0, SIGV4_GOOD},     {300, SIGV4_GOOD},    {-300, SIGV4_GOOD},   {301, SIGV4_STALE},
                {-301, SIGV4_STALE}, {86400, SIGV4_STALE}, {-86400, SIGV4_STALE}};
    struct sample s;
    struct sigv4_claim claim;
    sample_init(&s, &vectors[0]);
    sample_sign(&s, &vectors[0]);
    ck_assert(sigv4_parse(value_of(s.lines.authorization), &claim));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_int_eq(
            sigv4_verify(&claim, &s.q, STR(SECRET), NULL, WALL_US + rows[i].off_s * 1000000),
            rows[i].want);
    claim.day = STR("20150831");
    ck_assert_int_eq(sigv4_verify(&claim, &s.q, STR(SECRET), NULL, WALL_US), SIGV4_STALE);
    arena_free(s.arena);
}
END_TEST

START_TEST(dates_that_are_none_are_stale)
{
    static const char *const stamps[] = {"",
                                         "20150830T123600",
                                         "20150830 123600Z",
                                         "20150830T1236007",
                                         "20151330T123600Z",
                                         "20150800T123600Z",
                                         "20150830T243600Z",
                                         "20150830T126000Z",
                                         "2015083OT123600Z",
                                         "20150830T123661Z",
                                         "20150830T123600ZZ"};
    struct sample s;
    struct sigv4_claim claim;
    sample_init(&s, &vectors[0]);
    sample_sign(&s, &vectors[0]);
    ck_assert(sigv4_parse(value_of(s.lines.authorization), &claim));
    for (size_t i = 0; i < ARRAY_LEN(stamps); i++) {
        s.header[1].value = str_of(stamps[i]);
        ck_assert_msg(sigv4_verify(&claim, &s.q, STR(SECRET), NULL, WALL_US) == SIGV4_STALE, "%s",
                      stamps[i]);
    }
    arena_free(s.arena);
}
END_TEST

#define CRED "Credential=AKID/20150830/us-east-1/bedrock/aws4_request"
#define SIG  "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
#define ALGO "AWS4-HMAC-SHA256 "

START_TEST(reads_authorization_headers)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {ALGO CRED ", SignedHeaders=host;x-amz-date, " SIG, true},
        {ALGO CRED ",SignedHeaders=host;x-amz-date," SIG, true},
        {ALGO SIG ", " CRED ",   SignedHeaders=host", true},
        {ALGO "Credential=a/b/c/20150830/us-east-1/bedrock/aws4_request, SignedHeaders=a, " SIG,
         true},
        {"", false},
        {ALGO, false},
        {"Bearer " CRED ", SignedHeaders=host, " SIG, false},
        {ALGO CRED ", SignedHeaders=host;x-amz-date", false},
        {ALGO CRED ", " SIG, false},
        {ALGO "SignedHeaders=host, " SIG, false},
        {ALGO CRED ", " CRED ", SignedHeaders=host, " SIG, false},
        {ALGO CRED ", SignedHeaders=host, " SIG ", Extra=1", false},
        {ALGO CRED ", SignedHeaders=host, " SIG "0", false},
        {ALGO CRED ", SignedHeaders=host, Signature=", false},
        {ALGO CRED ", SignedHeaders=, " SIG, false},
        {ALGO CRED ", SignedHeaders=Host, " SIG, false},
        {ALGO CRED ", SignedHeaders=x-amz-date;host, " SIG, false},
        {ALGO CRED ", SignedHeaders=host;host, " SIG, false},
        {ALGO CRED ", SignedHeaders=host;;x-amz-date, " SIG, false},
        {ALGO CRED ", SignedHeaders=host;, " SIG, false},
        {ALGO "Credential=/20150830/us-east-1/bedrock/aws4_request, SignedHeaders=a, " SIG, false},
        {ALGO "Credential=A/2015083/us-east-1/bedrock/aws4_request, SignedHeaders=a, " SIG, false},
        {ALGO "Credential=A/20150830/us-east-1/bedrock/aws5_request, SignedHeaders=a, " SIG, false},
        {ALGO "Credential=A/20150830//bedrock/aws4_request, SignedHeaders=a, " SIG, false},
        {ALGO "Credential=20150830/us-east-1/bedrock/aws4_request, SignedHeaders=a, " SIG, false},
        {ALGO "Credential, SignedHeaders=a, " SIG, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sigv4_claim claim;
        ck_assert_msg(sigv4_parse(str_of(rows[i].text), &claim) == rows[i].good, "%s",
                      rows[i].text);
    }
}
END_TEST

/* What has no room is refused, not cut. */
START_TEST(limits)
{
    static char path[SIGV4_PATH_MAX + 1], query[2 * SIGV4_QUERY_MAX + 3];
    struct sigv4_header headers[SIGV4_HEADERS_MAX];
    struct sigv4_lines lines;
    struct sample s;
    for (size_t i = 0; i < SIGV4_HEADERS_MAX; i++)
        headers[i] = (struct sigv4_header)H("host", "a");
    memset(path, '/', sizeof path);
    for (size_t i = 0; i < sizeof query; i++)
        query[i] = i % 2 ? '&' : 'a';
    sample_init(&s, &vectors[0]);
#define SIGN() sigv4_sign(&s.q, &s.key, &scope, WALL_US, false, s.arena, &lines)
    const struct sigv4_request good = s.q;
    ck_assert(SIGN());
    s.q.path = str_make(path, sizeof path - 2);
    ck_assert(SIGN());
    s.q.path = str_make(path, sizeof path);
    ck_assert(!SIGN());
    s.q = good;
    s.q.query = str_make(query, 2 * SIGV4_QUERY_MAX);
    ck_assert(SIGN());
    s.q.query = str_make(query, sizeof query);
    ck_assert(!SIGN());
    s.q = good;
    s.q.headers = headers;
    s.q.n_headers = SIGV4_HEADERS_MAX - 3;
    ck_assert(SIGN());
    s.q.n_headers = SIGV4_HEADERS_MAX;
    ck_assert(!SIGN());
    s.q.n_headers = 0;
    ck_assert(!SIGN());
    arena_free(s.arena);
}
END_TEST

/* What is remembered is used, is of one secret and scope, and comes of good signatures only. */
START_TEST(derived_keys_are_remembered)
{
    const struct vector v = {.method = "POST", .path = "/", .query = "", .token = "", .body = "{}"};
    struct sample s;
    struct sigv4_claim claim;
    ASSERT(crypto_init()); /* guarded memory */
    struct sigv4_memo *memo = sigv4_memo_new();
    uint8_t key[SIGV4_DERIVED_BYTES], none[SIGV4_DERIVED_BYTES] = {0};
    sample_init(&s, &v);
    sample_sign(&s, &v);
    ck_assert(sigv4_parse(value_of(s.lines.authorization), &claim));
    struct sigv4_memo_tag tag = sigv4_memo_tag(memo, STR(SECRET), claim.day, &claim.scope);
    struct sigv4_memo_tag wrong = sigv4_memo_tag(memo, STR("other"), claim.day, &claim.scope);
    ck_assert_int_eq(sigv4_verify(&claim, &s.q, STR("other"), memo, WALL_US), SIGV4_WRONG);
    ck_assert(!sigv4_memo_get(memo, &wrong, key));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(sigv4_memo_get(memo, &tag, key), i);
        ck_assert_int_eq(sigv4_verify(&claim, &s.q, STR(SECRET), memo, WALL_US), SIGV4_GOOD);
        ck_assert_int_eq(sigv4_verify(&claim, &s.q, STR("other"), memo, WALL_US), SIGV4_WRONG);
    }
    struct sigv4_scope moved[] = {{STR("us-east-1s"), STR("ervice")}, {STR("eu"), STR("service")}};
    for (size_t i = 0; i < ARRAY_LEN(moved); i++) {
        struct sigv4_memo_tag t = sigv4_memo_tag(memo, STR(SECRET), claim.day, &moved[i]);
        ck_assert(memcmp(&t, &tag, sizeof t) != 0);
    }
    sigv4_memo_put(memo, &tag, none);
    ck_assert_int_eq(sigv4_verify(&claim, &s.q, STR(SECRET), memo, WALL_US), SIGV4_WRONG);
    sigv4_memo_free(memo);
    arena_free(s.arena);
}
END_TEST

UNIT_MAIN("sigv4", signs_and_verifies_the_published_vectors, signs_the_documentations_example,
          the_raw_path_is_what_counts, every_part_of_a_request_is_signed,
          old_and_early_signatures_are_stale, dates_that_are_none_are_stale,
          reads_authorization_headers, limits, derived_keys_are_remembered)
