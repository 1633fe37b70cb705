/* Moderations, pictures and rerank in the form of OpenAI's likes (openai-python
 * types/moderation_create_params.py, image_generate_params.py; rerank as Cohere and Jina have it).
 * They are passed: only the model's name changes. Pure.
 */
#include "gateway/dialect/openai_embed.h"
#include "gateway/dialect/openai_priv.h"

enum { MODEL_MAX_BYTES = 256, REQUIRED_MAX = 2 };

struct plain {
    const char *required[REQUIRED_MAX];
    const char *counts; /* the first required one: a string whose characters count; NULL none */
    const char *model;  /* if none is given; NULL: it must be */
};

void plain_read_model(struct reader *r, struct dialect_request *out)
{
    struct str model;
    if (!rd_string(r, "model", &model))
        return;
    if (model.len == 0 || model.len > MODEL_MAX_BYTES)
        (void)rd_refuse(r, E_BAD_FIELD, STR("model"), "'model' must be a string of 1 to %d bytes.",
                        MODEL_MAX_BYTES);
    out->model = model;
    out->model_begin = r->s.begin;
    out->model_end = r->s.end;
}

static void read_stream(struct reader *r)
{
    bool stream = false;
    if (rd_bool(r, "stream", &stream) && stream)
        (void)rd_refuse(r, E_UNSUPPORTED, STR("stream"),
                        "'stream' is not available here: ask for the whole answer.");
}

static void read_stream_format(struct reader *r)
{
    struct str word;
    if (rd_string(r, "stream_format", &word) && !rd_is(word, "audio"))
        (void)rd_refuse(r, E_UNSUPPORTED, STR("stream_format"),
                        "'stream_format' must be 'audio' here.");
}

/* Code points. */
static int64_t count_characters(struct str text)
{
    int64_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.p[i] & 0xC0) != 0x80;
    return n;
}

static void read_member(struct reader *r, const struct plain *p, struct str key,
                        struct dialect_request *out, bool given[REQUIRED_MAX])
{
    struct str raw;
    if (rd_is(key, "model")) {
        plain_read_model(r, out);
    } else if (rd_is(key, "stream")) {
        read_stream(r);
    } else if (rd_is(key, "stream_format")) {
        read_stream_format(r);
    } else if (rd_is(key, "user")) {
        (void)rd_string(r, "user", &out->end_user);
    } else if (p->counts && rd_is(key, p->counts)) {
        if (!rd_string(r, p->counts, &raw))
            return;
        out->characters = count_characters(raw);
        given[0] |= raw.len > 0;
    } else if (rd_raw(r, &raw)) {
        for (size_t i = 0; i < REQUIRED_MAX; i++)
            given[i] |= p->required[i] && rd_is(key, p->required[i]);
    }
}

static enum err scan(const struct plain *p, struct str body, struct arena *a,
                     struct dialect_request *out, struct dialect_refusal *why)
{
    struct reader r;
    struct rd_keys seen = {.n = 0};
    struct str key;
    bool given[REQUIRED_MAX] = {false};
    *out = (struct dialect_request){.n = 1, .max_output = -1, .params = STR("{}")};
    rd_init(&r, body, a, why);
    if (rd_body(&r)) {
        out->model_begin = out->model_end = r.s.end; /* where a missing one goes */
        while (rd_key(&r, &key) && rd_once(&r, &seen, key))
            read_member(&r, p, key, out, given);
    }
    if (!r.failed && out->model.len == 0 && p->model)
        out->model = str_of(p->model);
    if (!r.failed && out->model.len == 0)
        (void)rd_missing(&r, "model");
    for (size_t i = 0; i < REQUIRED_MAX; i++)
        if (!r.failed && p->required[i] && !given[i])
            (void)rd_missing(&r, p->required[i]);
    return rd_done(&r) ? E_OK : why->err;
}

size_t plain_edit_request(const struct dialect_request *in, const struct dialect_target *to,
                          struct arena *a, struct dialect_edit edits[DIALECT_EDITS_MAX])
{
    struct str name = dialect_json_string(to->model, a);
    bool given = in->model_end > in->model_begin;
    if (!given)
        name = str_of(arena_printf(a, "\"model\":" STR_FMT ",", STR_ARG(name)));
    edits[0] = (struct dialect_edit){in->model_begin, in->model_end, name};
    return 1;
}

bool plain_scan_answer(struct str body, struct arena *a, struct dialect_answer *out)
{
    if (!openai_scan_answer(body, a, out))
        return false;
    out->has_choices = out->items > 0;
    if (out->usage.input >= 0 && out->usage.output < 0)
        out->usage.output = 0;
    return true;
}

/* Whatever is not said to be text is pictures. */
static bool scan_images(struct str body, struct arena *a, struct dialect_answer *out)
{
    bool good = plain_scan_answer(body, a, out);
    if (good && out->usage.image_output < 0)
        out->usage.image_output = out->usage.output;
    return good;
}

#define SCAN(name, ...)                                                                            \
    static enum err scan_##name(struct str body, const struct dialect_call *call, struct arena *a, \
                                struct dialect_request *out, struct dialect_refusal *why)          \
    {                                                                                              \
        static const struct plain p = {__VA_ARGS__};                                               \
        (void)call;                                                                                \
        return scan(&p, body, a, out, why);                                                        \
    }
SCAN(moderation, .required = {"input"}, .model = "omni-moderation-latest")
SCAN(image, .required = {"prompt"})
SCAN(speech, .required = {"input", "voice"}, .counts = "input")
SCAN(ranking, .required = {"query", "documents"})

#define PLAIN(word, cap, at, scan_body, scan_result)                                               \
    .name = (word), .beside = "openai", .beside_cap = (cap), .operation = (cap),                   \
    .beside_path = (at), .headers = openai_headers, .scan_request = (scan_body),                   \
    .edit_request = plain_edit_request, .scan_answer = (scan_result),                              \
    .splice_answer = openai_splice_answer, .metadata_unasked = true,                               \
    .write_error = openai_write_error, .write_error_event = openai_write_error_event,              \
    .write_models = openai_write_models

static const struct dialect_route moderation_routes[] = {
    {"/moderations", ASK_CHAT, ENDPOINT_MODERATIONS, false},
    {NULL, ASK_CHAT, ENDPOINT_MODERATIONS, false},
};
const struct dialect openai_moderations = {
    PLAIN("openai-moderations", CAP_MODERATIONS, "/moderations", scan_moderation,
          plain_scan_answer),
    .routes = moderation_routes,
    .no_output = true,
};

static const struct dialect_route image_routes[] = {
    {"/images/generations", ASK_CHAT, ENDPOINT_IMAGE_GENERATIONS, false},
    {NULL, ASK_CHAT, ENDPOINT_IMAGE_GENERATIONS, false},
};
const struct dialect openai_images = {
    PLAIN("openai-images", CAP_IMAGES, "/images/generations", scan_image, scan_images),
    .routes = image_routes,
};

static const struct dialect_route rerank_routes[] = {
    {"/rerank", ASK_CHAT, ENDPOINT_RERANK, false},
    {NULL, ASK_CHAT, ENDPOINT_RERANK, false},
};
const struct dialect openai_rerank = {
    PLAIN("openai-rerank", CAP_RERANK, "/rerank", scan_ranking, plain_scan_answer),
    .routes = rerank_routes,
    .no_output = true,
};

static const struct dialect_route speech_routes[] = {
    {"/audio/speech", ASK_CHAT, ENDPOINT_SPEECH, false},
    {NULL, ASK_CHAT, ENDPOINT_SPEECH, false},
};
const struct dialect openai_speech = {
    PLAIN("openai-speech", CAP_SPEECH, "/audio/speech", scan_speech, plain_scan_answer),
    .routes = speech_routes,
    .no_output = true,
    .binary = true,
    .needs_price = 1u << PRICE_CHARACTERS,
};
