/* Reads a message or delta of an answer into events, in the order in which a model thinks, speaks
 * and calls, whatever the order of the members. Pure.
 */
#include "gateway/dialect/openai_read.h"

struct members {
    struct str content, refusal, tool_calls, function_call, audio, images, annotations;
    struct openai_thoughts thoughts;
};

#define AT(n, member)                                                                              \
    {                                                                                              \
        (n), offsetof(struct members, member)                                                      \
    }
static const struct openai_member members[] = {
    AT("content", content),
    AT("refusal", refusal),
    AT("tool_calls", tool_calls),
    AT("function_call", function_call),
    AT("audio", audio),
    AT("images", images),
    AT("annotations", annotations),
    AT("reasoning_content", thoughts.reasoning_content),
    AT("reasoning", thoughts.reasoning),
    AT("reasoning_details", thoughts.reasoning_details),
    AT("thinking_blocks", thoughts.thinking_blocks),
};
#undef AT

/* Members of a part, an image, an annotation, a piece of audio. */
struct piece {
    struct str type, text, thinking, image_url, refusal;
    struct str url, title, content, start_index, end_index, url_citation;
    struct str id, data, transcript, format;
};

#define AT(n)                                                                                      \
    {                                                                                              \
#n, offsetof(struct piece, n)                                                              \
    }
static const struct openai_member piece_members[] = {
    AT(type),        AT(text),      AT(thinking), AT(image_url),    AT(refusal),
    AT(url),         AT(title),     AT(content),  AT(id),           AT(data),
    AT(start_index), AT(end_index), AT(format),   AT(url_citation), AT(transcript),
};
#undef AT

static bool read_piece(struct openai_taking *t, struct str raw, struct piece *out)
{
    *out = (struct piece){.type = STR_NULL};
    if (!raw.p || raw.p[0] != '{')
        return false;
    struct reader r = openai_lenient(t, raw);
    return openai_read_members(&r, "", piece_members, ARRAY_LEN(piece_members), out);
}

static void say_text(struct openai_taking *t, enum ir_kind block, struct str text)
{
    if (text.len == 0)
        return;
    struct ir_event *e = openai_say(t, block);
    e->text = text;
    if (block == IR_THINKING)
        e->signature.origin = IR_ORIGIN_CHAT;
}

/* {"url":...} or the URL itself. */
static void take_image(struct openai_taking *t, struct str raw)
{
    struct piece in;
    struct str url = openai_inside(raw);
    if (!url.p && read_piece(t, raw, &in))
        url = openai_inside(in.url);
    if (url.len)
        openai_take_url(t->a, url, &openai_say(t, IR_IMAGE)->media);
}

static void for_each(struct openai_taking *t, struct str raw,
                     void (*take)(struct openai_taking *t, struct str element))
{
    struct str element;
    if (!raw.p || raw.p[0] != '[')
        return;
    struct reader r = openai_lenient(t, raw);
    (void)rd_array(&r, "");
    while (rd_element(&r))
        if (rd_raw(&r, &element))
            take(t, element);
}

static void take_thinking_text(struct openai_taking *t, struct str raw)
{
    struct piece in;
    if (read_piece(t, raw, &in))
        say_text(t, IR_THINKING, openai_inside(in.text));
}

static void take_part(struct openai_taking *t, struct str raw)
{
    struct piece in;
    if (!read_piece(t, raw, &in)) {
        say_text(t, IR_TEXT, openai_inside(raw));
        return;
    }
    if (openai_says(in.type, "thinking")) { /* a list of texts, or one */
        say_text(t, IR_THINKING, openai_inside(in.thinking));
        for_each(t, in.thinking, take_thinking_text);
    } else if (openai_says(in.type, "image_url")) {
        take_image(t, in.image_url);
    } else if (openai_says(in.type, "refusal")) {
        say_text(t, IR_REFUSAL, openai_inside(in.refusal));
    } else {
        say_text(t, IR_TEXT, openai_inside(in.text));
    }
}

static void take_image_part(struct openai_taking *t, struct str raw)
{
    struct piece in;
    if (read_piece(t, raw, &in))
        take_image(t, in.image_url);
}

static int64_t place(struct str raw)
{
    int64_t v;
    return raw.p && json_whole(raw, &v) && v >= 0 ? v : -1;
}

static void take_annotation(struct openai_taking *t, struct str raw)
{
    struct piece outer, in;
    if (!read_piece(t, raw, &outer))
        return;
    if (!read_piece(t, outer.url_citation, &in))
        in = outer;
    if (!openai_inside(in.url).len)
        return;
    struct ir_citation *c = &openai_say(t, IR_TEXT)->citation;
    c->origin = IR_ORIGIN_CHAT;
    c->url = openai_inside(in.url);
    c->title = openai_inside(in.title);
    c->text = openai_inside(in.content);
    c->start = place(in.start_index);
    c->end = place(in.end_index);
    c->raw = raw;
}

static void take_audio(struct openai_taking *t, struct str raw)
{
    struct piece in;
    if (!read_piece(t, raw, &in))
        return;
    struct str data = openai_inside(in.data), transcript = openai_inside(in.transcript);
    if (data.len == 0 && transcript.len == 0)
        return;
    struct ir_event *e = openai_say(t, IR_AUDIO);
    e->media.at = IR_MEDIA_BASE64;
    e->media.type = STR("");
    e->media.data = data.p ? data : STR("");
    e->text = transcript;
    e->id = openai_inside(in.id);
}

/* The same text may come under several names. */
static void take_thoughts(struct openai_taking *t, const struct openai_thoughts *in)
{
    if (openai_take_details(t, in->reasoning_details))
        return;
    if (!in->reasoning_details.p && openai_take_blocks(t, in->thinking_blocks))
        return;
    struct str text = openai_inside(in->reasoning_content);
    say_text(t, IR_THINKING, text.len ? text : openai_inside(in->reasoning));
}

void openai_take_message(struct openai_taking *t, struct str raw, struct str logprobs)
{
    struct members in = {.content = STR_NULL};
    struct reader r = openai_lenient(t, raw);
    if (!openai_read_members(&r, "", members, ARRAY_LEN(members), &in))
        return;
    bool calls = in.tool_calls.p || in.function_call.p;
    openai_note_signatures(t, calls ? in.thoughts.reasoning_details : STR_NULL);
    take_thoughts(t, &in.thoughts);
    if (logprobs.p || openai_inside(in.content).len) {
        struct ir_event *e = openai_say(t, IR_TEXT);
        e->text = openai_inside(in.content);
        e->logprobs = logprobs;
    }
    for_each(t, in.content, take_part);
    for_each(t, in.annotations, take_annotation);
    say_text(t, IR_REFUSAL, openai_inside(in.refusal));
    for_each(t, in.images, take_image_part);
    take_audio(t, in.audio);
    openai_take_calls(t, in.tool_calls);
    openai_take_function_call(t, in.function_call);
}
