/* sigv4: AWS's published test vectors (aws-sig-v4-test-suite, and the IAM example of the
 * documentation), signed and verified; what the verifier refuses.
 */
#include "gateway/sign/sigv4.h"

#include <stdio.h>

#include "gateway/sign/sigv4_verify.h"
#include "tests/unit/unit.h"

#define SECRET  "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define WALL_US (INT64_C(1440938160) * 1000000) /* 20150830T123600Z */
#define TOKEN                                                                                      \
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSP" \
    "fIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT" \
    "7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlz" \
    "m8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
#define ALPHABET "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

struct vector {
    const char *method, *path, *query;
    struct sigv4_header header[4]; /* besides host */
    const char *token, *body;
    bool content_hash;
    const char *names, *signature;
};

#define STR_INIT                                                                                   \
    {                                                                                              \
        NULL, 0                                                                                    \
    }
#define H(n, v)                                                                                    \
    {                                                                                              \
        {(n), sizeof(n) - 1},                                                                      \
        {                                                                                          \
            (v), sizeof(v) - 1                                                                     \
        }                                                                                          \
    }
static const struct vector vectors[] = {
    {"GET",
     "/",
     "",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"POST",
     "/",
     "",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    /* paths */
    {"GET",
     "",
     "",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"GET",
     "/example/..",
     "",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"GET",
     "/example1/example2/../..",
     "",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"GET",
     "/./",
     "",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"GET",
     "//",
     "",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"GET",
     "/./example",
     "",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
    {"GET",
     "//example//",
     "",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
    {"GET",
     "/example space/",
     "",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"GET",
     "/" ALPHABET,
     "",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"GET",
     "/\xe1\x88\xb4",
     "",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    /* queries */
    {"GET",
     "/",
     "Param1=value1",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {"GET",
     "/",
     "Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
    {"GET",
     "/",
     "Param2=value2&Param1=value1",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"GET",
     "/",
     ALPHABET "=" ALPHABET,
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"GET",
     "/",
     "\xe1\x88\xb4=bar",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"POST",
     "/",
     "Param1=value1",
     {{STR_INIT, STR_INIT}},
     "",
     "",
     false,
     "host;x-amz-date",
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    /* headers */
    {"GET",
     "/",
     "",
     {H("My-Header1", "value2"), H("My-Header1", "value2"), H("My-Header1", "value1")},
     "",
     "",
     false,
     "host;my-header1;x-amz-date",
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"GET",
     "/",
     "",
     {H("My-Header1", "value4"), H("My-Header1", "value1"), H("My-Header1", "value3"),
      H("My-Header1", "value2")},
     "",
     "",
     false,
     "host;my-header1;x-amz-date",
     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"GET",
     "/",
     "",
     {H("My-Header1", " value1"), H("My-Header2", " \"a   b   c\"")},
     "",
     "",
     false,
     "host;my-header1;my-header2;x-amz-date",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"POST",
     "/",
     "",
     {H("My-Header1", "value1")},
     "",
     "",
     false,
     "host;my-header1;x-amz-date",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"POST",
     "/",
     "",
     {H("My-Header1", "VALUE1")},
     "",
     "",
     false,
     "host;my-header1;x-amz-date",
     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
    /* session tokens, bodies */
    {"POST",
     "/",
     "",
     {{STR_INIT, STR_INIT}},
     TOKEN,
     "",
     false,
     "host;x-amz-date;x-amz-security-token",
     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
    {"GET",
     "/",
     "",
     {{STR_INIT, STR_INIT}},
     "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
     "",
     false,
     "host;x-amz-date;x-amz-security-token",
     "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
    {"POST",
     "/",
     "",
     {H("Content-Type", "application/x-www-form-urlencoded"), H("Content-Length", "13")},
     "",
     "Param1=value1",
     true,
     "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
     "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
    {"POST",
     "/",
     "",
     {H("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
      H("Content-Length", "13")},
     "",
     "Param1=value1",
     true,
     "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
     "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422"},
};

static const struct sigv4_scope scope = {{"us-east-1", 9}, {"service", 7}};

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
        ck_assert_int_eq(sigv4_verify(&claim, &s.q, STR(SECRET), WALL_US), SIGV4_GOOD);
        ck_assert_int_eq(sigv4_verify(&claim, &s.q, STR("other"), WALL_US), SIGV4_WRONG);
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
    ck_assert_int_eq(sigv4_verify(&claim, &s.q, STR(SECRET), WALL_US), SIGV4_GOOD);
    s.q.path = str_of(plain.path);
    ck_assert_int_eq(sigv4_verify(&claim, &s.q, STR(SECRET), WALL_US), SIGV4_WRONG);
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
#define VERDICT() sigv4_verify(&claim, &s.q, STR(SECRET), WALL_US)
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
        ck_assert_int_eq(sigv4_verify(&claim, &s.q, STR(SECRET), WALL_US + rows[i].off_s * 1000000),
                         rows[i].want);
    claim.day = STR("20150831");
    ck_assert_int_eq(sigv4_verify(&claim, &s.q, STR(SECRET), WALL_US), SIGV4_STALE);
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
        ck_assert_msg(sigv4_verify(&claim, &s.q, STR(SECRET), WALL_US) == SIGV4_STALE, "%s",
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

UNIT_MAIN("sigv4", signs_and_verifies_the_published_vectors, signs_the_documentations_example,
          the_raw_path_is_what_counts, every_part_of_a_request_is_signed,
          old_and_early_signatures_are_stale, dates_that_are_none_are_stale,
          reads_authorization_headers, limits)
