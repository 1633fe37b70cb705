/* OpenAI's images and audio: JSON in and bytes out, and forms in. Pure. */
#include <stdio.h>

#include "tests/simulator/base64.h"
#include "tests/simulator/json_read.h"
#include "tests/simulator/multipart.h"
#include "tests/simulator/openai.h"

static bool missing(struct api_error *e, const char *param)
{
    return api_error_set(e, 400, "missing_required_parameter", param,
                         "Missing required parameter: '%s'.", param);
}

static bool parse_images(struct chat_request *c, const struct site *site, struct str body,
                         struct api_error *e)
{
    (void)site;
    if (!openai_read(c, body, e)) {
        return false;
    }
    struct str prompt = json_member(c->root, "prompt");
    c->n = json_u32(json_object_get(c->root, "n"), 1);
    c->format = json_member(c->root, "response_format");
    chat_user_text(c, prompt.p ? prompt : STR(""));
    if (c->n < 1 || c->n > 10) {
        return api_error_set(e, 400, "invalid_value", "n", "Invalid 'n': expected 1 to 10.");
    }
    return prompt.p || missing(e, "prompt");
}

/* The fields of a form that all of these endpoints have; `file` names the one that must come. */
static bool parse_form(struct chat_request *c, const struct site *site, struct str body,
                       struct str file, struct api_error *e)
{
    struct multipart m;
    struct multipart_part part;
    bool bad = true;
    bool found = false;
    struct str type = http_value(site->http, site->run, STR("content-type"));
    bool form = multipart_init(&m, type, body);
    while (form && multipart_next(&m, &part, &bad)) {
        int64_t n;
        if (str_starts(part.name, file) && part.filename.p) {
            found = true;
            chat_add_input(c, part.body);
            c->content_bytes -= part.body.len;
        } else if (str_eq(part.name, STR("model"))) {
            c->model = part.body;
        } else if (str_eq(part.name, STR("prompt"))) {
            chat_user_text(c, part.body);
        } else if (str_eq(part.name, STR("response_format"))) {
            c->format = part.body;
        } else if (str_eq(part.name, STR("n")) && str_to_i64(part.body, &n) && n > 0 && n <= 10) {
            c->n = (uint32_t)n;
        }
    }
    if (bad) {
        return api_error_set(e, 400, NULL, NULL, "Could not parse multipart form");
    }
    if (c->model.len == 0) {
        return api_error_set(e, 400, "missing_required_parameter", "model",
                             "you must provide a model parameter");
    }
    return found || missing(e, file.p);
}

static bool parse_edits(struct chat_request *c, const struct site *site, struct str body,
                        struct api_error *e)
{
    return parse_form(c, site, body, STR("image"), e) && (c->last_user.len || missing(e, "prompt"));
}

static const char *render_images(struct buf *b, const struct reply *r, const struct chat_request *c,
                                 const struct script *s)
{
    bool url = str_eq(c->format, STR("url")) ||
               (!c->format.p && str_starts(c->model, STR("dall-e")));
    buf_printf(b, "{\"created\":%lld,\"data\":[", (long long)r->created);
    for (uint32_t i = 0; i < c->n; i++) {
        buf_add_str(b, i > 0 ? STR(",") : STR(""));
        buf_add_str(b, url ? STR("{\"url\":\"https://example.com/image.png\"}")
                           : STR("{\"b64_json\":\"" RENDER_PNG "\"}"));
    }
    buf_add_char(b, ']');
    if (!url && s->usage != USAGE_NONE) {
        uint32_t out = r->usage.out > 0 ? r->usage.out : 272 * c->n;
        render_member(b, STR(",\"output_format\":\"png\",\"usage\":{\"input_tokens\":"),
                      r->usage.in);
        render_member(b, STR(",\"output_tokens\":"), out);
        render_member(b, STR(",\"total_tokens\":"), r->usage.in + out);
        render_member(b, STR(",\"input_tokens_details\":{\"text_tokens\":"), r->usage.in);
        buf_add_lit(b, ",\"image_tokens\":0}}");
    }
    buf_add_char(b, '}');
    return "application/json";
}

static bool parse_speech(struct chat_request *c, const struct site *site, struct str body,
                         struct api_error *e)
{
    (void)site;
    if (!openai_read(c, body, e)) {
        return false;
    }
    struct str input = json_member(c->root, "input");
    c->format = json_member(c->root, "response_format");
    chat_user_text(c, input.p ? input : STR(""));
    return (input.p || missing(e, "input")) &&
           (json_object_get(c->root, "voice") || missing(e, "voice"));
}

static void put_le(struct buf *b, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        buf_add_char(b, (char)(unsigned char)(v >> (8 * i) & 255));
    }
}

/* Silence as 16 bit mono at 8 kHz. */
static void wav(struct buf *b, uint32_t bytes)
{
    buf_add_lit(b, "RIFF");
    put_le(b, 36 + bytes, 4);
    buf_add_lit(b, "WAVEfmt ");
    put_le(b, 16, 4);
    put_le(b, 1, 2);
    put_le(b, 1, 2);
    put_le(b, 8000, 4);
    put_le(b, 16000, 4);
    put_le(b, 2, 2);
    put_le(b, 16, 2);
    buf_add_lit(b, "data");
    put_le(b, bytes, 4);
}

/* A hundred bytes a character: a WAV is silence, other kinds only begin as they should. */
static const char *render_speech(struct buf *b, const struct reply *r, const struct chat_request *c,
                                 const struct script *s)
{
    static const struct {
        const char *format, *type, *begin;
    } KINDS[] = {
        {"mp3", "audio/mpeg", "ID3\x04"}, {"opus", "audio/ogg", "OggS"},
        {"aac", "audio/aac", "\xff\xf1"}, {"flac", "audio/flac", "fLaC"},
        {"pcm", "audio/pcm", ""},         {"wav", "audio/wav", ""},
    };
    (void)r;
    (void)s;
    size_t bytes = c->last_user.len * 100;
    size_t kind = 0;
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        kind = str_eq(c->format, str_of(KINDS[i].format)) ? i : kind;
    }
    if (str_eq(c->format, STR("wav"))) {
        wav(b, (uint32_t)bytes);
    }
    buf_add_str(b, str_of(KINDS[kind].begin));
    char *to = bytes > 0 ? buf_room(b, bytes) : NULL;
    if (to) {
        memset(to, 0, bytes);
        buf_grew(b, bytes);
    }
    return KINDS[kind].type;
}

static bool parse_transcriptions(struct chat_request *c, const struct site *site, struct str body,
                                 struct api_error *e)
{
    return parse_form(c, site, body, STR("file"), e);
}

static const char *render_transcriptions(struct buf *b, const struct reply *r,
                                         const struct chat_request *c, const struct script *s)
{
    bool verbose = str_eq(c->format, STR("verbose_json"));
    if (str_eq(c->format, STR("text"))) {
        buf_add_str(b, buf_str(&r->text));
        buf_add_char(b, '\n');
        return "text/plain; charset=utf-8";
    }
    if (str_eq(c->format, STR("srt")) || str_eq(c->format, STR("vtt"))) {
        bool srt = str_eq(c->format, STR("srt"));
        buf_add_str(b, srt ? STR("1\n00:00:00,000 --> 00:00:01,000\n")
                           : STR("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n"));
        buf_add_str(b, buf_str(&r->text));
        buf_add_lit(b, "\n\n");
        return "text/plain; charset=utf-8";
    }
    buf_add_str(b, verbose ? STR("{\"task\":\"transcribe\",\"language\":\"english\",\"duration\":"
                                 "1.0,\"segments\":[],\"text\":\"")
                           : STR("{\"text\":\""));
    render_text(b, r, s);
    buf_add_char(b, '"');
    if (s->usage != USAGE_NONE && (verbose || str_starts(c->model, STR("whisper")))) {
        buf_add_lit(b, ",\"usage\":{\"type\":\"duration\",\"seconds\":1}");
    } else if (s->usage != USAGE_NONE) {
        render_member(b, STR(",\"usage\":{\"type\":\"tokens\",\"input_tokens\":"), r->usage.in);
        render_member(b, STR(",\"input_token_details\":{\"text_tokens\":"),
                      r->usage.in > r->usage.audio_in ? r->usage.in - r->usage.audio_in : 0);
        render_member(b, STR(",\"audio_tokens\":"), r->usage.audio_in);
        render_member(b, STR("},\"output_tokens\":"), r->usage.out);
        render_member(b, STR(",\"total_tokens\":"), r->usage.in + r->usage.out);
        buf_add_char(b, '}');
    }
    buf_add_char(b, '}');
    return "application/json";
}

OPENAI_PROTOCOL(OPENAI_IMAGES, "", parse_images, render_images);
OPENAI_PROTOCOL(OPENAI_IMAGE_EDITS, "", parse_edits, render_images);
OPENAI_PROTOCOL(OPENAI_SPEECH, "", parse_speech, render_speech);
const struct protocol OPENAI_TRANSCRIPTIONS = OPENAI_TABLE("", parse_transcriptions,
                                                           render_transcriptions, false);
