/* Service accounts, assertions and tokens as JSON. The signature itself is rs256's. Pure. Nothing
 * of an account ever becomes part of an error text.
 */
#include "gateway/sign/gcp_assertion.h"

#include <sodium.h>

#include "gateway/sign/members.h"
#include "gateway/sign/rs256.h"
#include "gateway/wire/json_write.h"

#define SCOPE "https://www.googleapis.com/auth/cloud-platform"
#define FORM  "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="

enum { FIELD_MAX = 1024, CLAIMS_MAX = 4096, LIFETIME_MAX_S = 86400 };

static bool token_url_ok(const struct member *m, struct str token_url)
{
    return !m->raw.p ||
           (member_is_text(m, FIELD_MAX) &&
            (json_text_is(m->raw, STR(GCP_TOKEN_URL)) || json_text_is(m->raw, token_url)));
}

const char *gcp_account_read(struct str json, struct str token_url, struct arena *a,
                             struct gcp_account *out)
{
    enum { TYPE, EMAIL, KEY, KEY_ID, URL };
    struct member m[] = {
        [TYPE] = {.name = STR("type")},       [EMAIL] = {.name = STR("client_email")},
        [KEY] = {.name = STR("private_key")}, [KEY_ID] = {.name = STR("private_key_id")},
        [URL] = {.name = STR("token_uri")},
    };
    if (json.len > GCP_ACCOUNT_MAX)
        return "the service account is too long";
    if (!members_find(json, m, ARRAY_LEN(m)))
        return "the service account is no JSON object";
    if (!member_is_text(&m[TYPE], FIELD_MAX) || !json_text_is(m[TYPE].raw, STR("service_account")))
        return "its \"type\" is not \"service_account\"";
    if (!member_is_text(&m[EMAIL], FIELD_MAX))
        return "the service account has no \"client_email\"";
    if (!member_is_text(&m[KEY], GCP_ACCOUNT_MAX))
        return "the service account has no \"private_key\"";
    if (m[KEY_ID].raw.p && !member_is_text(&m[KEY_ID], FIELD_MAX))
        return "the service account's \"private_key_id\" is no text";
    if (!token_url_ok(&m[URL], token_url))
        return "the service account's \"token_uri\" is not " GCP_TOKEN_URL;
    *out = (struct gcp_account){
        .email = member_decode(&m[EMAIL], a),
        .key_id = m[KEY_ID].raw.p ? member_decode(&m[KEY_ID], a) : STR(""),
        .private_key = member_decode(&m[KEY], a),
        .token_url = token_url,
    };
    return NULL;
}

static bool add_base64url(struct buf *out, const void *p, size_t len)
{
    size_t room = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *to = buf_room(out, room);
    if (!to)
        return false;
    sodium_bin2base64(to, room, p, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    buf_grew(out, room - 1); /* without the NUL */
    return true;
}

static bool add_head(const struct gcp_account *account, struct buf *out)
{
    struct buf text;
    struct json_write w;
    buf_init(&text, CLAIMS_MAX);
    json_write_init(&w, &text);
    jw_object(&w);
    jw_key(&w, "alg");
    jw_lit(&w, "\"RS256\"");
    jw_key(&w, "typ");
    jw_lit(&w, "\"JWT\"");
    if (account->key_id.len) {
        jw_key(&w, "kid");
        jw_string(&w, account->key_id);
    }
    jw_end(&w);
    bool ok = !text.failed && add_base64url(out, text.p, text.len);
    buf_fini(&text);
    return ok;
}

static bool add_claims(const struct gcp_account *account, int64_t now_s, struct buf *out)
{
    struct buf text;
    struct json_write w;
    buf_init(&text, CLAIMS_MAX);
    json_write_init(&w, &text);
    jw_object(&w);
    jw_key(&w, "iss");
    jw_string(&w, account->email);
    jw_key(&w, "scope");
    jw_lit(&w, "\"" SCOPE "\"");
    jw_key(&w, "aud");
    jw_string(&w, account->token_url);
    jw_key(&w, "iat");
    jw_i64(&w, now_s);
    jw_key(&w, "exp");
    jw_i64(&w, now_s + GCP_ASSERTION_S);
    jw_end(&w);
    bool ok = !text.failed && add_base64url(out, text.p, text.len);
    buf_fini(&text);
    return ok;
}

const char *gcp_token_request(const struct gcp_account *account, int64_t wall_us, struct buf *out)
{
    uint8_t signature[RS256_MAX_BYTES];
    size_t len = 0;
    (void)buf_add_lit(out, FORM);
    size_t begin = out->len;
    if (!add_head(account, out) || !buf_add_char(out, '.') ||
        !add_claims(account, wall_us / 1000000, out))
        return "the service account is too long";
    struct str text = str_make(out->p + begin, out->len - begin);
    const char *why = rs256_sign(account->private_key, text, signature, &len);
    if (why)
        return why;
    if (!buf_add_char(out, '.') || !add_base64url(out, signature, len))
        return "the service account is too long";
    return NULL;
}

static bool fits_header(struct str token)
{
    for (size_t i = 0; i < token.len; i++)
        if (token.p[i] <= ' ' || token.p[i] > '~')
            return false;
    return token.len > 0 && token.len <= GCP_TOKEN_MAX;
}

bool gcp_token_answer(struct str body, struct arena *a, struct str *token, int64_t *lifetime_s)
{
    enum { TOKEN, LIFETIME };
    struct member m[] = {
        [TOKEN] = {.name = STR("access_token")},
        [LIFETIME] = {.name = STR("expires_in")},
    };
    if (!members_find(body, m, ARRAY_LEN(m)) ||
        !member_is_text(&m[TOKEN], (size_t)6 * GCP_TOKEN_MAX) || !m[LIFETIME].raw.p ||
        m[LIFETIME].kind != JSON_NUMBER || !json_whole(m[LIFETIME].raw, lifetime_s) ||
        *lifetime_s < 1)
        return false;
    if (*lifetime_s > LIFETIME_MAX_S)
        *lifetime_s = LIFETIME_MAX_S;
    *token = member_decode(&m[TOKEN], a);
    return fits_header(*token);
}

struct str gcp_token_refusal(struct str body)
{
    struct member m = {.name = STR("error")};
    if (!members_find(body, &m, 1) || !member_is_text(&m, 64))
        return STR("");
    for (size_t i = 0; i < m.raw.len; i++)
        if ((m.raw.p[i] < 'a' || m.raw.p[i] > 'z') && m.raw.p[i] != '_')
            return STR("");
    return m.raw;
}
