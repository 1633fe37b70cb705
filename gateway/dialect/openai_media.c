/* Answers of pictures, transcriptions and speech, whole and streamed (openai-python
 * types/image_gen_stream_event.py, image_edit_stream_event.py, audio/transcription.py,
 * audio/transcription_stream_event.py): what they cost, and where they end. Pure.
 */
#include "gateway/dialect/openai_embed.h"
#include "gateway/dialect/openai_priv.h"
#include "gateway/wire/json_text.h"

/* Whatever is not said to be text is pictures. */
static void count_as_pictures(struct usage *u)
{
    if (u->image_output < 0)
        u->image_output = u->output;
}

bool media_scan_pictures(struct str body, struct arena *a, struct dialect_answer *out)
{
    bool good = plain_scan_answer(body, a, out);
    if (good)
        count_as_pictures(&out->usage);
    return good;
}

/* A verbose transcription tells how long the audio is, should its usage not. */
bool media_scan_transcript(struct str body, struct arena *a, struct dialect_answer *out)
{
    struct reader r;
    struct str key, number, text;
    if (!openai_scan_answer(body, a, out))
        return false;
    rd_init_known(&r, body, a);
    (void)rd_body(&r);
    while (rd_key(&r, &key)) {
        if (rd_is(key, "text")) {
            if (rd_text(&r, "", &text)) {
                out->has_choices = true;
                out->content_bytes = text.len;
            }
        } else if (rd_is(key, "duration") && out->usage.audio_ms < 0) {
            if (rd_number(&r, "", &number) && !json_milli(number, &out->usage.audio_ms))
                out->usage.audio_ms = -1;
        } else {
            rd_skip(&r);
        }
    }
    return !r.failed;
}

/* ------------------------------------------------------------------ events */

/* How an event's `type` ends, and what that means. */
static const struct {
    const char *end;
    bool content, last;
    size_t pictures;
} kinds[] = {
    {".delta", true, false, 0},    {".segment", true, false, 0}, {".partial_image", true, false, 0},
    {".completed", true, true, 1}, {".done", true, true, 0},
};

static void read_kind(struct str type, struct dialect_answer *out)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!str_ends(type, str_of(kinds[i].end)))
            continue;
        out->has_content = kinds[i].content;
        out->finish = kinds[i].last ? FINISH_STOP : FINISH_NONE;
        out->items = kinds[i].pictures;
    }
    if (str_starts(type, STR("image_")))
        count_as_pictures(&out->usage);
}

bool media_scan_event(const struct frame *f, struct arena *a, struct dialect_answer *out)
{
    struct reader r;
    struct str key, word, type = f->type;
    if (!openai_scan_event(f, a, out))
        return false;
    if (out->is_done || out->is_empty || out->is_error)
        return true;
    rd_init_known(&r, f->data, a);
    (void)rd_body(&r);
    while (rd_key(&r, &key)) {
        if (rd_is(key, "type")) {
            if (rd_string(&r, "", &word))
                type = word;
        } else if (rd_is(key, "delta")) {
            if (rd_text(&r, "", &word))
                out->content_bytes = word.len;
        } else {
            rd_skip(&r);
        }
    }
    out->only_usage = false;
    out->items = 0;
    out->has_choices = true;
    read_kind(type, out);
    return !r.failed;
}
