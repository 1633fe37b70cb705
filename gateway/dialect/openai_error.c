/* Error objects of OpenAI-compatible providers, in whole answers, in 200s and in streams. Pure. */
#include "gateway/dialect/openai_priv.h"
#include "gateway/wire/json_text.h"

enum { ERROR_TEXT_MAX_BYTES = 512 };

struct word {
    const char *name;
    int status;
};

/* Codes, types and status words that are seen in `error.code`, `.type` and `.status`. */
static const struct word words[] = {
    {"invalid_request_error", 400},
    {"context_length_exceeded", 400},
    {"content_filter", 400},
    {"INVALID_ARGUMENT", 400},
    {"FAILED_PRECONDITION", 400},
    {"invalid_api_key", 401},
    {"authentication_error", 401},
    {"UNAUTHENTICATED", 401},
    {"billing_error", 402},
    {"insufficient_balance", 402},
    {"permission_error", 403},
    {"permission_denied", 403},
    {"PERMISSION_DENIED", 403},
    {"not_found_error", 404},
    {"model_not_found", 404},
    {"NOT_FOUND", 404},
    {"request_too_large", 413},
    {"rate_limit_error", 429},
    {"rate_limit_exceeded", 429},
    {"insufficient_quota", 429},
    {"tokens", 429},
    {"requests", 429},
    {"RESOURCE_EXHAUSTED", 429},
    {"server_error", 500},
    {"api_error", 500},
    {"internal_error", 500},
    {"internal_server_error", 500},
    {"INTERNAL", 500},
    {"upstream_error", 502},
    {"overloaded", 503},
    {"overloaded_error", 503},
    {"service_unavailable", 503},
    {"UNAVAILABLE", 503},
    {"timeout", 504},
    {"timeout_error", 504},
    {"DEADLINE_EXCEEDED", 504},
};

int openai_error_status(struct str word)
{
    int64_t v;
    if (json_whole(word, &v))
        return v >= 400 && v <= 599 ? (int)v : 0;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_ieq(word, str_of(words[i].name)))
            return words[i].status;
    return 0;
}

struct str openai_error_text(struct json_scan *s, struct arena *a)
{
    struct str raw = s->raw;
    size_t max = ERROR_TEXT_MAX_BYTES;
    if (raw.len > max * 6) /* an escape is six bytes for one at most */
        raw.len = max * 6;
    char *p = arena_alloc(a, raw.len);
    size_t len = json_decode_into(raw, p);
    if (len > max) {
        len = max;
        while (len > 0 && ((unsigned char)p[len] & 0xC0) == 0x80)
            len--;
    }
    return str_make(p, len);
}

/* A member of the error object. The code says more than the type, the type more than the status. */
static void take_member(struct json_scan *s, enum json_token t, int rank, struct arena *a,
                        struct dialect_answer *out, int found[3])
{
    if (rank == 3 && t == JSON_STRING)
        out->error_text = openai_error_text(s, a);
    else if (rank >= 0 && rank < 3 && (t == JSON_STRING || t == JSON_NUMBER))
        found[rank] = openai_error_status(s->raw);
}

static int rank_of(const struct json_scan *s)
{
    static const struct str names[] = {{"code", 4}, {"type", 4}, {"status", 6}, {"message", 7}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (json_scan_is(s, names[i]))
            return (int)i;
    return -1;
}

bool openai_scan_error(struct json_scan *s, enum json_token t, struct arena *a,
                       struct dialect_answer *out)
{
    int found[3] = {0};
    if (t == JSON_STRING && s->raw.len > 0) {
        out->is_error = true;
        out->error_text = openai_error_text(s, a);
        return true;
    }
    if (t != JSON_OBJECT_BEGIN)
        return json_scan_value(s, t).p != NULL;
    while ((t = json_scan_next(s)) == JSON_KEY) {
        out->is_error = true;
        int rank = rank_of(s);
        t = json_scan_next(s);
        if (t == JSON_ERROR)
            return false;
        take_member(s, t, rank, a, out, found);
        if (!json_scan_value(s, t).p)
            return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(found) && out->error_status == 0; i++)
        out->error_status = found[i];
    return t == JSON_OBJECT_END;
}
