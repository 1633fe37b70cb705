/* What a provider key's secret must look like for the way its provider is signed for. Any thread.
 * The gateway judges again (gateway/sign/): this is so that a mistake shows while a person looks.
 * No complaint holds a part of the secret.
 */
#include <jansson.h>

#include "control/provider_key.h"

#define TOKEN_URI "https://oauth2.googleapis.com/token"

static bool is_json_shaped(struct str secret)
{
    return str_starts(str_trim(secret), STR("{"));
}

static bool has_text(const json_t *object, const char *name)
{
    return json_string_length(json_object_get(object, name)) > 0;
}

/* A member that may be missing. */
static bool may_have_text(const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);
    return !v || json_is_null(v) || json_is_string(v);
}

static const char *judge_account(const json_t *account)
{
    const json_t *uri = json_object_get(account, "token_uri");
    const json_t *type = json_object_get(account, "type");
    const char *key = json_string_value(json_object_get(account, "private_key"));
    if (!json_is_string(type) || strcmp(json_string_value(type), "service_account") != 0)
        return "its \"type\" is not \"service_account\"; other kinds of credentials are not taken.";
    if (!has_text(account, "client_email"))
        return "the service account has no \"client_email\".";
    if (!key || !strstr(key, "-----BEGIN ") || strstr(key, "ENCRYPTED"))
        return "the service account's \"private_key\" is no unencrypted PEM key.";
    if (uri && (!json_is_string(uri) || strcmp(json_string_value(uri), TOKEN_URI) != 0))
        return "the service account's \"token_uri\" is not " TOKEN_URI ".";
    return "";
}

static const char *judge_pair(const json_t *pair)
{
    if (!has_text(pair, "access_key_id"))
        return "the key pair has no \"access_key_id\".";
    if (!has_text(pair, "secret_access_key"))
        return "the key pair has no \"secret_access_key\".";
    if (!may_have_text(pair, "session_token"))
        return "the key pair's \"session_token\" is no text.";
    return "";
}

static const char *judge_json(struct str secret, const char *none,
                              const char *(*judge)(const json_t *))
{
    json_error_t error;
    json_t *object = json_loadb(secret.p, secret.len, JSON_REJECT_DUPLICATES, &error);
    const char *why = json_is_object(object) ? judge(object) : none;
    json_decref(object);
    return why;
}

/* Does a provider's row name this way of signing? "a | b": either. */
static bool names(struct str signers, struct str word)
{
    while (signers.p)
        if (str_starts(str_trim(str_cut(&signers, '|')), word))
            return true;
    return false;
}

static bool is_one_line(struct str secret)
{
    for (size_t i = 0; i < secret.len; i++)
        if (secret.p[i] < ' ')
            return false;
    return true;
}

const char *provider_key_secret_complaint(struct str signers, struct str secret)
{
    bool plain = names(signers, STR("bearer")) || names(signers, STR("header:"));
    if (names(signers, STR("gcp-service-account")))
        return judge_json(secret, "give the JSON file of a service account, whole.", judge_account);
    if (names(signers, STR("sigv4")) && (is_json_shaped(secret) || !plain))
        return judge_json(secret,
                          "give a key pair as JSON: {\"access_key_id\": ..., "
                          "\"secret_access_key\": ..., \"session_token\": ... or none}.",
                          judge_pair);
    return is_one_line(secret) ? "" : "give one line: it is sent in a header.";
}
