/* Forms of audio and of pictures: a refusal has words; an accepted body, edited, is accepted again,
 * has the provider's model, and is unchanged but for it. Answers and events of both: read without
 * harm, and what is written of an event can be read again. The first line chooses: `t` and `e` a
 * form with the boundary behind it, all else an answer.
 */
#include "common/buf.h"
#include "gateway/dialect/dialect.h"
#include "tests/fuzz/fuzz.h"

#define MODEL STR("provider/m\r\n1")

static void check_form(const struct dialect *d, struct str type, struct str body, struct arena *a)
{
    const struct dialect_call call = {.content_type = type};
    const struct dialect_target target = {.model = MODEL, .max_temperature_milli = -1};
    struct dialect_request q, again;
    struct dialect_refusal why = {0};
    struct dialect_edit edits[DIALECT_EDITS_MAX];
    struct buf out;
    enum err err = d->scan_request(body, &call, a, &q, &why);
    ASSERT(err == why.err);
    if (err != E_OK) {
        ASSERT(why.text.len > 0 && str_is_utf8(why.text) && str_is_utf8(why.field));
        return;
    }
    ASSERT(q.model.len >= 1 && q.model.len <= 256 && str_is_utf8(q.end_user));
    if (!q.form.p)
        return;
    ASSERT(q.asked.audio_ms >= 0 && q.asked.image_input >= 0 && q.asked.input > 0);
    buf_init(&out, body.len + 64);
    size_t n = d->edit_request(&q, &target, a, edits);
    ASSERT(n == 1 && dialect_apply(body, edits, n, &out));
    ASSERT(out.len == body.len - q.model.len + MODEL.len);
    ASSERT(d->scan_request(buf_str(&out), &call, a, &again, &why) == E_OK);
    ASSERT(str_eq(again.model, STR("provider/m__1")) && again.stream == q.stream);
    buf_fini(&out);
}

static void check_answer(const struct dialect *d, struct str body, struct arena *a)
{
    struct dialect_answer an;
    struct buf out;
    struct cost cost = {.n = 0, .total_pico = 1};
    const struct dialect_extra extra = {.cost = &cost, .metadata = STR("{}")};
    const struct frame f = {.type = STR(""), .data = body};
    buf_init(&out, body.len * 8 + 4096);
    if (d->scan_answer(body, a, &an))
        ASSERT(d->splice_answer(body, &an, &extra, &out) && d->scan_answer(buf_str(&out), a, &an));
    buf_reset(&out);
    if (d->scan_event && d->scan_event(&f, a, &an) && !an.is_done && !an.is_empty) {
        ASSERT(an.usage.audio_ms >= -1 && an.items <= 1);
        ASSERT(d->write_event(&an, &f, &extra, &out));
    }
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"openai-transcriptions", "openai-translations",
                                        "openai-edits", "openai-images", "openai-speech"};
    struct str body = str_make((const char *)data, size);
    struct str kind = str_cut(&body, '\n');
    struct arena *a = arena_new(4096);
    if (!body.p)
        body = STR("");
    bool audio = str_starts(kind, STR("t")), form = audio || str_starts(kind, STR("e"));
    if (form)
        check_form(dialect_find(str_of(names[audio ? 0 : 2])), str_make(kind.p + 1, kind.len - 1),
                   body, a);
    for (size_t i = 0; !form && i < ARRAY_LEN(names); i++)
        check_answer(dialect_find(str_of(names[i])), body, a);
    arena_free(a);
    return 0;
}
