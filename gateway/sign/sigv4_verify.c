/* The verifier's half of Signature Version 4. Pure. Everything it reads comes from outside. */
#include "gateway/sign/sigv4_verify.h"

#include <sodium.h>

#include "gateway/sign/sigv4_canonical.h"

enum { ID_MAX = 128, SCOPE_MAX = 64, DAY_BYTES = 8, STAMP_LEN = 16, SECRET_MAX = 256 };

static const struct str scheme = {.p = "AWS4-HMAC-SHA256 ", .len = 17};

bool sigv4_is_claim(struct str authorization)
{
    return str_starts(authorization, scheme);
}

static bool all_of(struct str s, bool (*good)(char))
{
    for (size_t i = 0; i < s.len; i++)
        if (!good(s.p[i]))
            return false;
    return s.len > 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_scope(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static bool is_id(char c)
{
    return c > ' ' && c < 0x7f && c != ',' && c != ';' && c != '=';
}

/* A header's name, lower-case (RFC 9110's token). */
static bool is_name(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

/* ID/20150830/us-east-1/bedrock/aws4_request; the id may hold slashes. */
static bool read_credential(struct str text, struct sigv4_claim *out)
{
    struct str tail = text;
    size_t slashes = 0, at = text.len;
    while (at > 0 && slashes < 4)
        slashes += text.p[--at] == '/';
    if (slashes < 4)
        return false;
    out->access_key_id = str_make(text.p, at);
    tail = str_make(text.p + at + 1, text.len - at - 1);
    out->day = str_cut(&tail, '/');
    out->scope.region = str_cut(&tail, '/');
    out->scope.service = str_cut(&tail, '/');
    return all_of(out->access_key_id, is_id) && out->access_key_id.len <= ID_MAX &&
           all_of(out->day, is_digit) && out->day.len == DAY_BYTES &&
           all_of(out->scope.region, is_scope) && out->scope.region.len <= SCOPE_MAX &&
           all_of(out->scope.service, is_scope) && out->scope.service.len <= SCOPE_MAX &&
           str_eq(tail, STR("aws4_request"));
}

static int compare(struct str a, struct str b)
{
    int order = memcmp(a.p, b.p, a.len < b.len ? a.len : b.len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Names in order, each once: there is one way to write a set. */
static bool names_ok(struct str names)
{
    struct str before = STR("");
    size_t n = 0;
    while (names.p) {
        struct str name = str_cut(&names, ';');
        if (++n > SIGV4_HEADERS_MAX || !all_of(name, is_name) || compare(name, before) <= 0)
            return false;
        before = name;
    }
    return n > 0;
}

bool sigv4_parse(struct str authorization, struct sigv4_claim *out)
{
    struct str credential = STR_NULL, rest = authorization;
    *out = (struct sigv4_claim){0};
    if (!sigv4_is_claim(authorization))
        return false;
    rest = str_make(rest.p + scheme.len, rest.len - scheme.len);
    while (rest.p) {
        struct str value = str_trim(str_cut(&rest, ','));
        struct str name = str_cut(&value, '=');
        struct str *to = str_eq(name, STR("Credential"))      ? &credential
                         : str_eq(name, STR("SignedHeaders")) ? &out->signed_names
                         : str_eq(name, STR("Signature"))     ? &out->signature
                                                              : NULL;
        if (!to || to->p || !value.p)
            return false;
        *to = value;
    }
    return credential.p && out->signed_names.p && out->signature.p &&
           read_credential(credential, out) && names_ok(out->signed_names) &&
           out->signature.len == SIGV4_HEX_BYTES - 1 && all_of(out->signature, is_hex);
}

static bool is_signed(const struct sigv4_claim *claim, struct str name)
{
    struct str names = claim->signed_names;
    while (names.p)
        if (str_eq(str_cut(&names, ';'), name))
            return true;
    return false;
}

/* The header's value; .p NULL if it is missing or given twice. */
static struct str header(const struct sigv4_request *q, struct str name)
{
    struct str found = STR_NULL;
    for (size_t i = 0; i < q->n_headers; i++) {
        if (!str_ieq(q->headers[i].name, name))
            continue;
        if (found.p)
            return STR_NULL;
        found = str_trim(q->headers[i].value);
    }
    return found;
}

static int64_t number(struct str s, size_t at, size_t len)
{
    int64_t n = 0;
    for (size_t i = at; i < at + len; i++)
        n = n * 10 + (s.p[i] - '0');
    return n;
}

/* Days since 1970 of a date of the Gregorian calendar. */
static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = y / 400, year = y - era * 400;
    int64_t day = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + year * 365 + year / 4 - year / 100 + day - 719468;
}

/* Seconds since 1970 of 20150830T123600Z; -1 if it is none. */
static int64_t read_stamp(struct str s)
{
    if (s.len != STAMP_LEN || s.p[8] != 'T' || s.p[15] != 'Z' ||
        !all_of(str_make(s.p, 8), is_digit) || !all_of(str_make(s.p + 9, 6), is_digit))
        return -1;
    int64_t month = number(s, 4, 2), day = number(s, 6, 2), hour = number(s, 9, 2);
    int64_t minute = number(s, 11, 2), second = number(s, 13, 2);
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
        return -1;
    return days_of(number(s, 0, 4), month, day) * 86400 + hour * 3600 + minute * 60 + second;
}

static bool is_fresh(const struct sigv4_claim *claim, struct str stamp, int64_t wall_us)
{
    int64_t then = read_stamp(stamp), apart = wall_us / 1000000 - then;
    return then >= 0 && apart >= -SIGV4_SKEW_S && apart <= SIGV4_SKEW_S &&
           str_starts(stamp, claim->day);
}

/* Is it the signature that this secret makes? */
static bool same_signature(const struct sigv4_claim *claim, struct str stamp, struct str secret,
                           const uint8_t canonical[SIGV4_HASH_BYTES], struct sigv4_memo *memo)
{
    uint8_t key[SIGV4_HASH_BYTES];
    char signature[SIGV4_HEX_BYTES];
    struct sigv4_memo_tag tag = {{0}};
    if (memo)
        tag = sigv4_memo_tag(memo, secret, claim->day, &claim->scope);
    bool known = memo && sigv4_memo_get(memo, &tag, key);
    if (!known)
        sigv4_derive(secret, claim->day, &claim->scope, key);
    sigv4_signature_by(key, canonical, stamp, &claim->scope, signature);
    bool same = sodium_memcmp(signature, claim->signature.p, SIGV4_HEX_BYTES - 1) == 0;
    if (same && memo && !known)
        sigv4_memo_put(memo, &tag, key);
    sodium_memzero(signature, sizeof signature);
    sodium_memzero(key, sizeof key);
    return same;
}

enum sigv4_verdict sigv4_verify(const struct sigv4_claim *claim, const struct sigv4_request *q,
                                struct str secret, struct sigv4_memo *memo, int64_t wall_us)
{
    uint8_t canonical[SIGV4_HASH_BYTES];
    struct str stamp = header(q, STR("x-amz-date"));
    struct str content = header(q, STR("x-amz-content-sha256"));
    if (!stamp.p || !is_signed(claim, STR("host")) || !is_signed(claim, STR("x-amz-date")))
        return SIGV4_UNSIGNED;
    if (!is_fresh(claim, stamp, wall_us))
        return SIGV4_STALE;
    if (content.p && !str_eq(content, q->body_hash))
        return SIGV4_BODY;
    if (secret.len > SECRET_MAX || !sigv4_canonical_hash(q, claim->signed_names, canonical))
        return SIGV4_WRONG;
    return same_signature(claim, stamp, secret, canonical, memo) ? SIGV4_GOOD : SIGV4_WRONG;
}
