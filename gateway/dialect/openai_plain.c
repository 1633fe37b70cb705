/* What is no chat and is passed, in the form of OpenAI's likes (openai-python
 * types/moderation_create_params.py, image_generate_params.py, image_edit_params.py,
 * audio/speech_create_params.py; rerank as Cohere and Jina have it), and its rows. Only the model's
 * name changes. Pure.
 */
#include "gateway/dialect/openai_embed.h"
#include "gateway/dialect/openai_priv.h"
#include "gateway/wire/multipart.h"

enum {
    REQUIRED_MAX = PLAIN_REQUIRED_MAX,
    PICTURES_MAX = 1000,
    /* Guesses for what tells no usage: spoken text is 15 characters a second, a second 21 tokens.
     */
    CHARACTERS_PER_10 = 10,
    TOKENS_PER_10_CHARACTERS = 14,
};

void plain_read_model(struct reader *r, struct dialect_request *out)
{
    struct str model = STR("");
    bool given = rd_string(r, "model", &model);
    if (r->failed)
        return;
    if (given && (model.len == 0 || model.len > PLAIN_MODEL_MAX_BYTES))
        (void)rd_refuse(r, E_BAD_FIELD, STR("model"), "'model' must be a string of 1 to %d bytes.",
                        PLAIN_MODEL_MAX_BYTES);
    out->model = model; /* null is none, but its place is the model's */
    out->model_begin = r->s.begin;
    out->model_end = r->s.end;
}

static void read_stream(struct reader *r, const struct plain *p, struct dialect_request *out)
{
    if (rd_bool(r, "stream", &out->stream) && out->stream && !p->streams)
        (void)rd_refuse(r, E_UNSUPPORTED, STR("stream"),
                        "'stream' is not available here: ask for the whole answer.");
}

static void read_stream_format(struct reader *r, struct dialect_request *out)
{
    struct str word;
    if (!rd_string(r, "stream_format", &word))
        return;
    out->stream = rd_is(word, "sse");
    if (!out->stream && !rd_is(word, "audio"))
        (void)rd_refuse(r, E_BAD_FIELD, STR("stream_format"),
                        "'stream_format' must be 'audio' or 'sse'.");
}

static void read_n(struct reader *r, struct dialect_request *out)
{
    int64_t n;
    if (!rd_i64(r, "n", &n))
        return;
    if (n < 1 || n > PICTURES_MAX)
        (void)rd_refuse(r, E_BAD_FIELD, STR("n"), "'n' must be a number from 1 to %d.",
                        PICTURES_MAX);
    else
        out->asked.pictures = n;
}

/* Code points. */
static int64_t count_characters(struct str text)
{
    int64_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.p[i] & 0xC0) != 0x80;
    return n;
}

static void read_counted(struct reader *r, const struct plain *p, struct dialect_request *out,
                         bool *given)
{
    struct str text;
    if (!rd_string(r, p->counts, &text))
        return;
    out->asked.characters = count_characters(text);
    *given |= text.len > 0;
}

/* One picture to edit, or a list of them. */
static void count_pictures(struct reader *r, struct dialect_request *out)
{
    struct str raw;
    if (rd_peek(r) != JSON_ARRAY_BEGIN) {
        out->asked.image_input += rd_raw(r, &raw);
        return;
    }
    (void)rd_array(r, "images");
    for (; rd_element(r); rd_skip(r))
        out->asked.image_input++;
}

/* What pictures are asked for. */
static bool read_picture(struct reader *r, struct str key, struct dialect_request *out)
{
    if (rd_is(key, "n"))
        read_n(r, out);
    else if (rd_is(key, "quality"))
        (void)rd_string(r, "quality", &out->quality);
    else if (rd_is(key, "size") || rd_is(key, "resolution"))
        (void)rd_string(r, "size", &out->size);
    else if (rd_is(key, "image") || rd_is(key, "images"))
        count_pictures(r, out);
    else
        return false;
    return true;
}

static void read_member(struct reader *r, const struct plain *p, struct str key,
                        struct dialect_request *out, bool given[REQUIRED_MAX])
{
    struct str raw;
    if (rd_is(key, "model")) {
        plain_read_model(r, out);
    } else if (rd_is(key, "stream")) {
        read_stream(r, p, out);
    } else if (p->stream_format && rd_is(key, "stream_format")) {
        read_stream_format(r, out);
    } else if (rd_is(key, "user")) {
        (void)rd_string(r, "user", &out->end_user);
    } else if (p->counts && rd_is(key, p->counts)) {
        read_counted(r, p, out, &given[0]);
    } else if ((!p->pictures || !read_picture(r, key, out)) && rd_raw(r, &raw)) {
        for (size_t i = 0; i < REQUIRED_MAX; i++)
            given[i] |= p->required[i] && rd_is(key, p->required[i]);
    }
}

/* Tokens that the provider may not tell. */
static void guess_tokens(const struct plain *p, size_t bytes, struct dialect_request *out)
{
    struct usage *asked = &out->asked;
    if (p->pictures) {
        asked->input = 1 + (int64_t)bytes / 4;
        asked->output = asked->pictures * PLAIN_PICTURE_TOKENS;
    } else if (p->counts) {
        asked->input = 1 + (int64_t)bytes / 4;
        asked->output = 1 + asked->characters * TOKENS_PER_10_CHARACTERS / CHARACTERS_PER_10;
    }
}

static enum err scan(const struct plain *p, struct str body, struct arena *a,
                     struct dialect_request *out, struct dialect_refusal *why)
{
    struct reader r;
    struct rd_keys seen = {.n = 0};
    struct str key;
    bool given[REQUIRED_MAX] = {false};
    *out = (struct dialect_request){
        .n = 1, .max_output = -1, .params = STR("{}"), .client_wants_usage = true};
    out->asked.pictures = p->pictures;
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
    guess_tokens(p, body.len, out);
    return rd_done(&r) ? E_OK : why->err;
}

/* A form's value is no JSON; a name that could end its part is none that any provider knows. */
static struct str form_value(struct str name, struct arena *a)
{
    char *text = arena_alloc(a, name.len + 1);
    for (size_t i = 0; i < name.len; i++)
        text[i] = (char)((unsigned char)name.p[i] < ' ' ? '_' : name.p[i]);
    return str_make(text, name.len);
}

size_t plain_edit_request(const struct dialect_request *in, const struct dialect_target *to,
                          struct arena *a, struct dialect_edit edits[DIALECT_EDITS_MAX])
{
    struct str name = in->form.p ? form_value(to->model, a) : dialect_json_string(to->model, a);
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

static enum err scan_either(const struct plain *p, struct str body, const struct dialect_call *call,
                            struct arena *a, struct dialect_request *out,
                            struct dialect_refusal *why)
{
    struct str boundary = p->file ? multipart_boundary(call->content_type) : STR_NULL;
    return boundary.p ? plain_scan_form(p, body, boundary, a, out, why)
                      : scan(p, body, a, out, why);
}

#define SCAN(name, ...)                                                                            \
    static enum err scan_##name(struct str body, const struct dialect_call *call, struct arena *a, \
                                struct dialect_request *out, struct dialect_refusal *why)          \
    {                                                                                              \
        static const struct plain p = {__VA_ARGS__};                                               \
        return scan_either(&p, body, call, a, out, why);                                           \
    }
SCAN(moderation, .required = {"input"}, .model = "omni-moderation-latest")
SCAN(image, .required = {"prompt"}, .pictures = true, .streams = true)
SCAN(edit, .required = {"prompt"}, .pictures = true, .streams = true, .file = "image")
SCAN(spoken, .required = {"input", "voice"}, .counts = "input", .stream_format = true)
SCAN(ranking, .required = {"query", "documents"})
SCAN(transcription, .file = "file", .streams = true)
SCAN(translation, .file = "file")

/* Sound does not tell its tokens; a stream of events does. */
static enum err scan_speech(struct str body, const struct dialect_call *call, struct arena *a,
                            struct dialect_request *out, struct dialect_refusal *why)
{
    enum err err = scan_spoken(body, call, a, out, why);
    if (!err && !out->stream)
        out->needs_price = 1u << PRICE_CHARACTERS;
    return err;
}

#define PLAIN(word, cap, at, scan_body, scan_result)                                               \
    .name = (word), .beside = "openai", .beside_cap = (cap),                                       \
    .operation = (cap)&CAPS_OF_OPERATIONS, .beside_path = (at), .headers = openai_headers,         \
    .scan_request = (scan_body), .edit_request = plain_edit_request, .scan_answer = (scan_result), \
    .splice_answer = openai_splice_answer, .metadata_unasked = true,                               \
    .write_error = openai_write_error, .write_error_event = openai_write_error_event,              \
    .write_models = openai_write_models
#define STREAMS                                                                                    \
    .scan_event = media_scan_event, .write_event = openai_write_event,                             \
    .stream_type = "text/event-stream"
#define ROUTE(name, path, endpoint)                                                                \
    static const struct dialect_route name##_routes[] = {                                          \
        {(path), ASK_CHAT, (endpoint), false},                                                     \
        {NULL, ASK_CHAT, (endpoint), false},                                                       \
    }

ROUTE(moderation, "/moderations", ENDPOINT_MODERATIONS);
const struct dialect openai_moderations = {
    PLAIN("openai-moderations", CAP_MODERATIONS, "/moderations", scan_moderation,
          plain_scan_answer),
    .routes = moderation_routes,
    .no_output = true,
};

ROUTE(image, "/images/generations", ENDPOINT_IMAGE_GENERATIONS);
const struct dialect openai_images = {
    PLAIN("openai-images", CAP_IMAGES, "/images/generations", scan_image, media_scan_pictures),
    STREAMS,
    .routes = image_routes,
    .pictures = true,
};

/* Who makes pictures and sees some can change them. */
ROUTE(edit, "/images/edits", ENDPOINT_IMAGE_EDITS);
const struct dialect openai_edits = {
    PLAIN("openai-edits", CAP_IMAGES | CAP_VISION, "/images/edits", scan_edit, media_scan_pictures),
    STREAMS,
    .routes = edit_routes,
    .pictures = true,
    .form = FORM_MAY,
};

ROUTE(transcription, "/audio/transcriptions", ENDPOINT_TRANSCRIPTIONS);
const struct dialect openai_transcriptions = {
    PLAIN("openai-transcriptions", CAP_TRANSCRIPTIONS, "/audio/transcriptions", scan_transcription,
          media_scan_transcript),
    STREAMS,
    .routes = transcription_routes,
    .form = FORM_MUST,
};

ROUTE(translation, "/audio/translations", ENDPOINT_TRANSLATIONS);
const struct dialect openai_translations = {
    PLAIN("openai-translations", CAP_TRANSCRIPTIONS, "/audio/translations", scan_translation,
          media_scan_transcript),
    .routes = translation_routes,
    .form = FORM_MUST,
};

ROUTE(rerank, "/rerank", ENDPOINT_RERANK);
const struct dialect openai_rerank = {
    PLAIN("openai-rerank", CAP_RERANK, "/rerank", scan_ranking, plain_scan_answer),
    .routes = rerank_routes,
    .no_output = true,
};

ROUTE(speech, "/audio/speech", ENDPOINT_SPEECH);
const struct dialect openai_speech = {
    PLAIN("openai-speech", CAP_SPEECH, "/audio/speech", scan_speech, plain_scan_answer),
    STREAMS,
    .routes = speech_routes,
    .no_output = true,
    .binary = true,
};
