/* Model objects and lists: OpenAI's (openai-python types/model.py, with LiteLLM's context_length),
 * Anthropic's (anthropic-sdk types/model_info.py), Google's (google-genai types.Model). Pure. */
#include "gateway/dialect/models.h"

#include <time.h>

#include "gateway/wire/json_write.h"

static void write_id(struct json_write *w, const char *prefix, const struct dialect_model *m)
{
    struct buf b;
    buf_init(&b, 4096);
    buf_add_str(&b, str_of(prefix));
    if (m->provider.len) {
        buf_add_str(&b, m->provider);
        buf_add_char(&b, '/');
    }
    buf_add_str(&b, m->id);
    jw_string(w, buf_str(&b));
    buf_fini(&b);
}

static void openai_model(struct json_write *w, const struct dialect_model *m)
{
    jw_object(w);
    jw_key(w, "id");
    write_id(w, "", m);
    jw_key(w, "object");
    jw_lit(w, "\"model\"");
    jw_key(w, "created");
    jw_i64(w, m->created_s);
    jw_key(w, "owned_by");
    jw_string(w, m->owner);
    jw_key(w, "name");
    jw_string(w, m->name);
    if (m->context > 0) {
        jw_key(w, "context_length");
        jw_i64(w, m->context);
    }
    jw_end(w);
}

void openai_write_models(const struct dialect_model *m, size_t n, bool list, struct buf *out)
{
    struct json_write w;
    json_write_init(&w, out);
    if (!list) {
        openai_model(&w, m);
        return;
    }
    jw_object(&w);
    jw_key(&w, "object");
    jw_lit(&w, "\"list\"");
    jw_key(&w, "data");
    jw_array(&w);
    for (size_t i = 0; i < n; i++)
        openai_model(&w, &m[i]);
    jw_end(&w);
    jw_end(&w);
}

/* RFC 3339; Anthropic says 1970 where the release date is unknown. */
static void write_time(struct json_write *w, int64_t s)
{
    char text[32];
    struct tm tm;
    time_t t = (time_t)s;
    ASSERT(gmtime_r(&t, &tm));
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    jw_string(w, str_make(text, n));
}

static void anthropic_model(struct json_write *w, const struct dialect_model *m)
{
    jw_object(w);
    jw_key(w, "type");
    jw_lit(w, "\"model\"");
    jw_key(w, "id");
    write_id(w, "", m);
    jw_key(w, "display_name");
    jw_string(w, m->name);
    jw_key(w, "created_at");
    write_time(w, m->created_s);
    if (m->context > 0) {
        jw_key(w, "max_input_tokens");
        jw_i64(w, m->context);
    }
    if (m->max_output > 0) {
        jw_key(w, "max_tokens");
        jw_i64(w, m->max_output);
    }
    jw_end(w);
}

static void write_id_or_null(struct json_write *w, const char *key, const struct dialect_model *m)
{
    jw_key(w, key);
    if (m)
        write_id(w, "", m);
    else
        jw_lit(w, "null");
}

void anthropic_write_models(const struct dialect_model *m, size_t n, bool list, struct buf *out)
{
    struct json_write w;
    json_write_init(&w, out);
    if (!list) {
        anthropic_model(&w, m);
        return;
    }
    jw_object(&w);
    jw_key(&w, "data");
    jw_array(&w);
    for (size_t i = 0; i < n; i++)
        anthropic_model(&w, &m[i]);
    jw_end(&w);
    jw_key(&w, "has_more");
    jw_lit(&w, "false");
    write_id_or_null(&w, "first_id", n ? m : NULL);
    write_id_or_null(&w, "last_id", n ? &m[n - 1] : NULL);
    jw_end(&w);
}

static void google_model(struct json_write *w, const struct dialect_model *m)
{
    jw_object(w);
    jw_key(w, "name");
    write_id(w, "models/", m);
    jw_key(w, "displayName");
    jw_string(w, m->name);
    if (m->context > 0) {
        jw_key(w, "inputTokenLimit");
        jw_i64(w, m->context);
    }
    if (m->max_output > 0) {
        jw_key(w, "outputTokenLimit");
        jw_i64(w, m->max_output);
    }
    jw_key(w, "supportedGenerationMethods");
    if (m->embeds)
        jw_lit(w, "[\"embedContent\",\"batchEmbedContents\"]");
    else if (m->no_chat)
        jw_lit(w, "[]");
    else
        jw_lit(w, "[\"generateContent\",\"countTokens\"]");
    jw_end(w);
}

void google_write_models(const struct dialect_model *m, size_t n, bool list, struct buf *out)
{
    struct json_write w;
    json_write_init(&w, out);
    if (!list) {
        google_model(&w, m);
        return;
    }
    jw_object(&w);
    jw_key(&w, "models");
    jw_array(&w);
    for (size_t i = 0; i < n; i++)
        google_model(&w, &m[i]);
    jw_end(&w);
    jw_end(&w);
}
