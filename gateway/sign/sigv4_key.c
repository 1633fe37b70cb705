/* Key pairs as JSON. Pure. Nothing of a credential ever becomes part of an error text. */
#include "gateway/sign/sigv4_key.h"

#include "gateway/sign/members.h"

enum { ID_MAX = 128, SECRET_MAX = 256, TOKEN_MAX = 8192 };

bool sigv4_key_is_pair(struct str credential)
{
    return str_starts(str_trim(credential), STR("{"));
}

/* Can it stand in a header? */
static bool is_visible(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return true;
}

const char *sigv4_key_read(struct str credential, struct arena *a, struct sigv4_key *out)
{
    enum { ID, SECRET, TOKEN };
    struct member m[] = {
        [ID] = {.name = STR("access_key_id")},
        [SECRET] = {.name = STR("secret_access_key")},
        [TOKEN] = {.name = STR("session_token")},
    };
    if (!members_find(credential, m, ARRAY_LEN(m)))
        return "the credential is no JSON object";
    if (!member_is_text(&m[ID], ID_MAX))
        return "the credential has no \"access_key_id\"";
    if (!member_is_text(&m[SECRET], SECRET_MAX))
        return "the credential has no \"secret_access_key\"";
    if (m[TOKEN].raw.p && m[TOKEN].kind != JSON_NULL && !member_is_text(&m[TOKEN], TOKEN_MAX))
        return "the credential's \"session_token\" is no text, or too long";
    bool token = m[TOKEN].raw.p && m[TOKEN].kind == JSON_STRING;
    *out = (struct sigv4_key){
        .access_key_id = member_decode(&m[ID], a),
        .secret_access_key = member_decode(&m[SECRET], a),
        .session_token = token ? member_decode(&m[TOKEN], a) : STR(""),
    };
    if (!is_visible(out->access_key_id) || !is_visible(out->secret_access_key) ||
        !is_visible(out->session_token) || str_find(out->access_key_id, '/') >= 0)
        return "the credential has a character that AWS's keys do not have";
    return NULL;
}
