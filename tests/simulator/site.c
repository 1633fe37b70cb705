/* Which protocol a path belongs to, and where its key stands (protocol.h). Pure. */
#include "tests/simulator/protocol.h"

struct fixed {
    const char *path;
    const struct protocol *protocol;
};

static const struct fixed FIXED[] = {
    {"/v1/chat/completions", &OPENAI_CHAT},
    {"/v1/responses", &OPENAI_RESPONSES},
    {"/v1/messages", &ANTHROPIC_MESSAGES},
    {"/v1/messages/count_tokens", &ANTHROPIC_COUNT},
    {"/v1/embeddings", &OPENAI_EMBEDDINGS},
    {"/v1/moderations", &OPENAI_MODERATIONS},
    {"/v1/rerank", &OPENAI_RERANK},
    {"/v2/rerank", &OPENAI_RERANK},
    {"/v1/images/generations", &OPENAI_IMAGES},
    {"/v1/images/edits", &OPENAI_IMAGE_EDITS},
    {"/v1/audio/speech", &OPENAI_SPEECH},
    {"/v1/audio/transcriptions", &OPENAI_TRANSCRIPTIONS},
    {"/v1/audio/translations", &OPENAI_TRANSCRIPTIONS},
};

/* `prefix`MODEL`verb`: the model stands between. */
static const struct verb {
    const char *before, *verb;
    const struct protocol *protocol;
    bool stream, vertex;
} VERBS[] = {
    {"/models/", ":generateContent", &GOOGLE_GENERATE, false, false},
    {"/models/", ":streamGenerateContent", &GOOGLE_GENERATE, true, false},
    {"/models/", ":countTokens", &GOOGLE_COUNT, false, false},
    {"/models/", ":embedContent", &GOOGLE_EMBED, false, false},
    {"/models/", ":batchEmbedContents", &GOOGLE_BATCH_EMBED, false, false},
    {"/publishers/anthropic/models/", ":rawPredict", &ANTHROPIC_MESSAGES, false, true},
    {"/publishers/anthropic/models/", ":streamRawPredict", &ANTHROPIC_MESSAGES, true, true},
    {"/model/", "/converse", &BEDROCK_CONVERSE, false, false},
    {"/model/", "/converse-stream", &BEDROCK_CONVERSE, true, false},
    {"/model/", "/invoke", &BEDROCK_INVOKE, false, false},
};

struct str site_query(struct str query, struct str name)
{
    while (query.p) {
        struct str value = str_cut(&query, '&');
        struct str key = str_cut(&value, '=');
        if (str_eq(key, name)) {
            return value.p ? value : STR("");
        }
    }
    return STR_NULL;
}

static int hex(char c)
{
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

/* Percent-decodes `s` into `space`; what does not fit is cut. */
static struct str decode(struct str s, char *space, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len && n < size; i++) {
        int high = s.p[i] == '%' && i + 2 < s.len ? hex(s.p[i + 1]) : -1;
        int low = high >= 0 ? hex(s.p[i + 2]) : -1;
        space[n++] = low >= 0 ? (char)(high * 16 + low) : s.p[i];
        i += low >= 0 ? 2 : 0;
    }
    return str_make(space, n);
}

static bool match_verb(struct site *s, const struct verb *v, struct str path, char *space,
                       size_t size)
{
    struct str verb = str_of(v->verb);
    ptrdiff_t at = str_ends(path, verb) ? str_find_str(path, str_of(v->before)) : -1;
    if (at < 0) {
        return false;
    }
    size_t from = (size_t)at + strlen(v->before);
    if (from + verb.len >= path.len) {
        return false;
    }
    s->protocol = v->protocol;
    s->stream = v->stream;
    s->vertex = v->vertex || str_find_str(path, STR("/publishers/")) >= 0;
    s->model = decode(str_make(path.p + from, path.len - verb.len - from), space, size);
    return true;
}

bool site_find(struct site *s, struct str path, struct str query, char *space, size_t space_size)
{
    s->query = query;
    s->model = STR_NULL;
    s->stream = s->vertex = false;
    for (size_t i = 0; i < ARRAY_LEN(FIXED); i++) {
        if (str_eq(path, str_of(FIXED[i].path))) {
            s->protocol = FIXED[i].protocol;
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(VERBS); i++) {
        if (match_verb(s, &VERBS[i], path, space, space_size)) {
            return true;
        }
    }
    return false;
}

/* The key's id of `AWS4-HMAC-SHA256 Credential=ID/day/...`. */
static struct str sigv4_id(struct str authorization)
{
    ptrdiff_t at = str_find_str(authorization, STR("Credential="));
    struct str rest =
        at < 0 ? STR("") : str_make(authorization.p + at + 11, authorization.len - (size_t)at - 11);
    return str_cut(&rest, '/');
}

static struct str header_key(const struct site *s)
{
    struct str v = http_value(s->http, s->run, STR("authorization"));
    unsigned keys = s->protocol->keys;
    if (v.p && keys & KEY_SIGV4 && str_starts(v, STR("AWS4-"))) {
        return sigv4_id(v);
    }
    if (v.p && keys & KEY_BEARER) {
        return str_starts(v, STR("Bearer ")) ? str_make(v.p + 7, v.len - 7) : v;
    }
    if (keys & KEY_X_API_KEY) {
        return http_value(s->http, s->run, STR("x-api-key"));
    }
    return keys & KEY_API_KEY ? http_value(s->http, s->run, STR("api-key")) : STR_NULL;
}

struct str site_key(const struct site *s)
{
    struct str key = header_key(s);
    if (!key.p && s->protocol->keys & KEY_GOOGLE) {
        key = http_value(s->http, s->run, STR("x-goog-api-key"));
        key = key.p ? key : site_query(s->query, STR("key"));
    }
    return key;
}
