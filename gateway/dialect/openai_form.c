/* Forms: audio to write down (openai-python types/audio/transcription_create_params.py,
 * translation_create_params.py) and pictures to edit (types/image_edit_params.py). Files pass byte
 * for byte; looked at is what the gateway must know, and changed the model's name alone. Pure.
 */
#include "gateway/dialect/openai_embed.h"
#include "gateway/dialect/openai_priv.h"
#include "gateway/dialect/refuse.h"
#include "gateway/wire/multipart.h"

enum {
    VALUE_MAX_BYTES = 256,   /* of a field that is looked at */
    AUDIO_BYTES_PER_MS = 16, /* a guess: 128 kbit/s */
    AUDIO_MS_PER_TOKEN = 100,
    WAV_HEAD_BYTES = 44,
    PICTURES_MAX = 1000,
};

struct form {
    const struct plain *p;
    struct arena *a;
    struct dialect_request *out;
    struct dialect_refusal *why;
    struct str body;
    uint32_t seen; /* bit per row of `fields` */
    bool given[PLAIN_REQUIRED_MAX], file;
    int64_t file_bytes;
};

/* ------------------------------------------------------------------ fields */

static bool read_model(struct form *f, struct str value, const struct multipart_part *part)
{
    if (value.len == 0 || value.len > PLAIN_MODEL_MAX_BYTES || !str_is_utf8(value))
        return dialect_refuse(f->a, f->why, E_BAD_FIELD, STR("model"),
                              "'model' must be a string of 1 to %d bytes.", PLAIN_MODEL_MAX_BYTES);
    f->out->model = value;
    f->out->model_begin = part->begin;
    f->out->model_end = part->end;
    return true;
}

static bool read_stream(struct form *f, struct str value, const struct multipart_part *part)
{
    (void)part;
    f->out->stream = str_ieq(value, STR("true")) || str_eq(value, STR("1"));
    if (!f->out->stream && !str_ieq(value, STR("false")) && !str_eq(value, STR("0")) && value.len)
        return dialect_refuse(f->a, f->why, E_BAD_FIELD, STR("stream"),
                              "'stream' must be true or false.");
    if (f->out->stream && !f->p->streams)
        return dialect_refuse(f->a, f->why, E_UNSUPPORTED, STR("stream"),
                              "'stream' is not available here: ask for the whole answer.");
    return true;
}

static bool read_n(struct form *f, struct str value, const struct multipart_part *part)
{
    int64_t n;
    (void)part;
    if (!str_to_i64(value, &n) || n < 1 || n > PICTURES_MAX)
        return dialect_refuse(f->a, f->why, E_BAD_FIELD, STR("n"),
                              "'n' must be a number from 1 to %d.", PICTURES_MAX);
    f->out->asked.pictures = n;
    return true;
}

static bool read_format(struct form *f, struct str value, const struct multipart_part *part)
{
    (void)part;
    f->out->text_answer = str_eq(value, STR("text")) || str_eq(value, STR("srt")) ||
                          str_eq(value, STR("vtt"));
    return true;
}

#define KEEP(field)                                                                                \
    static bool read_##field(struct form *f, struct str value, const struct multipart_part *part)  \
    {                                                                                              \
        (void)part;                                                                                \
        f->out->field = str_is_utf8(value) ? value : STR("");                                      \
        return true;                                                                               \
    }
KEEP(end_user)
KEEP(quality)
KEEP(size)

static const struct {
    const char *name;
    bool (*read)(struct form *f, struct str value, const struct multipart_part *part);
} fields[] = {
    {"model", read_model},   {"stream", read_stream},
    {"n", read_n},           {"response_format", read_format},
    {"user", read_end_user}, {"quality", read_quality},
    {"size", read_size},     {"resolution", read_size},
};

static bool read_field(struct form *f, size_t i, const struct multipart_part *part)
{
    struct str name = str_of(fields[i].name);
    struct str value = str_make(f->body.p + part->begin, part->end - part->begin);
    if (f->seen >> i & 1)
        return dialect_refuse(f->a, f->why, E_REPEATED_KEY, name, "The field '%s' is given twice.",
                              fields[i].name);
    f->seen |= 1u << i;
    if (part->file || value.len > VALUE_MAX_BYTES)
        return dialect_refuse(f->a, f->why, E_BAD_FIELD, name,
                              "'%s' must be a text of at most %d bytes.", fields[i].name,
                              VALUE_MAX_BYTES);
    return fields[i].read(f, value, part);
}

/* ------------------------------------------------------------------ files */

static uint32_t le32(const char *p)
{
    uint32_t v = 0;
    for (int i = 3; i >= 0; i--)
        v = v << 8 | (unsigned char)p[i];
    return v;
}

/* How long a file of audio may last: exact for plain WAV, a guess by its size for all else. */
static int64_t guess_ms(struct str file)
{
    bool wav = file.len > WAV_HEAD_BYTES && str_starts(file, STR("RIFF")) &&
               memcmp(file.p + 8, "WAVEfmt ", 8) == 0;
    int64_t rate = wav ? le32(file.p + 28) : 0;
    if (rate > 0)
        return (int64_t)(file.len - WAV_HEAD_BYTES) * 1000 / rate;
    return (int64_t)file.len / AUDIO_BYTES_PER_MS;
}

/* `image` and `image[]` are one. */
static bool is_file(const char *want, struct str name)
{
    if (str_ends(name, STR("[]")))
        name.len -= 2;
    return want && str_eq(name, str_of(want));
}

static void read_file(struct form *f, struct str content)
{
    struct usage *asked = &f->out->asked;
    f->file = true;
    if (str_eq(str_of(f->p->file), STR("file")))
        asked->audio_ms = guess_ms(content);
    else
        asked->image_input++;
}

static bool read_part(struct form *f, const struct multipart_part *part)
{
    struct str content = str_make(f->body.p + part->begin, part->end - part->begin);
    if (part->file)
        f->file_bytes += (int64_t)content.len;
    for (size_t i = 0; i < PLAIN_REQUIRED_MAX; i++)
        f->given[i] |= f->p->required[i] && content.len &&
                       str_eq(part->name, str_of(f->p->required[i]));
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (str_eq(part->name, str_of(fields[i].name)))
            return read_field(f, i, part);
    if (is_file(f->p->file, part->name) && part->file && content.len)
        read_file(f, content);
    return true;
}

/* ------------------------------------------------------------------ the whole */

static bool missing(struct form *f, const char *field)
{
    return dialect_refuse(f->a, f->why, E_MISSING_FIELD, str_of(field),
                          "The required field '%s' is missing.", field);
}

static bool read_parts(struct form *f, struct str boundary)
{
    struct multipart *m = ARENA_NEW(f->a, struct multipart);
    struct multipart_part part;
    enum multipart_result rc;
    struct str rest = f->body;
    multipart_init(m, boundary);
    while ((rc = multipart_next(m, &rest, &part)) == MULTIPART_PART)
        if (!read_part(f, &part))
            return false;
    if (rc == MULTIPART_DONE)
        return true;
    return dialect_refuse(f->a, f->why, E_BAD_FORM, STR_NULL, "The form cannot be read: %s",
                          rc == MULTIPART_BAD ? part.problem : "it ends before its last boundary.");
}

/* Tokens that the provider may not tell: of the text, the audio and the pictures. */
static void guess_tokens(const struct form *f)
{
    struct usage *asked = &f->out->asked;
    int64_t text = (int64_t)f->body.len - f->file_bytes;
    asked->input = 1 + text / 4 + asked->audio_ms / AUDIO_MS_PER_TOKEN +
                   asked->image_input * PLAIN_PICTURE_TOKENS;
    asked->output = asked->pictures * PLAIN_PICTURE_TOKENS;
}

enum err plain_scan_form(const struct plain *p, struct str body, struct str boundary,
                         struct arena *a, struct dialect_request *out, struct dialect_refusal *why)
{
    struct form f = {.p = p, .a = a, .out = out, .why = why, .body = body};
    *out = (struct dialect_request){.n = 1,
                                    .max_output = -1,
                                    .params = STR("{}"),
                                    .form = boundary,
                                    .client_wants_usage = true};
    *why = (struct dialect_refusal){.err = E_OK};
    out->asked.pictures = p->file && !str_eq(str_of(p->file), STR("file"));
    if (!read_parts(&f, boundary))
        return why->err;
    if (out->model.len == 0 && !missing(&f, "model"))
        return why->err;
    if (p->file && !f.file && !missing(&f, p->file))
        return why->err;
    for (size_t i = 0; i < PLAIN_REQUIRED_MAX; i++)
        if (p->required[i] && !f.given[i] && !missing(&f, p->required[i]))
            return why->err;
    guess_tokens(&f);
    return E_OK;
}
