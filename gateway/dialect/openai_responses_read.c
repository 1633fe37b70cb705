/* Reads whole answers of the Responses API into loose events, and single items for streams too.
 * Pure but for the arena.
 */
#include "gateway/dialect/openai_priv.h"
#include "gateway/dialect/openai_responses_priv.h"

static struct ir_event *add(const struct responses_in *in, enum ir_kind block)
{
    struct ir_event *e = ir_event_add(in->out, in->a, IR_DELTA);
    e->block = block;
    return e;
}

/* ------------------------------------------------------------------ messages */

void responses_read_annotation(struct str raw, const struct responses_in *in)
{
    struct reader r;
    struct str key;
    struct ir_citation c = {.origin = IR_ORIGIN_OPENAI, .raw = raw, .start = -1, .end = -1};
    responses_reader(&r, raw, in->a);
    if (!rd_object(&r, ""))
        return;
    while (rd_key(&r, &key)) {
        if (rd_is(key, "url"))
            (void)rd_text(&r, "", &c.url);
        else if (rd_is(key, "title") || rd_is(key, "filename"))
            (void)rd_text(&r, "", &c.title);
        else if (rd_is(key, "start_index"))
            (void)rd_i64(&r, "", &c.start);
        else if (rd_is(key, "end_index"))
            (void)rd_i64(&r, "", &c.end);
        else
            rd_skip(&r);
    }
    add(in, IR_TEXT)->citation = c;
}

struct part {
    struct str type, text, refusal, annotations, logprobs;
};

static struct part read_part(struct reader *r)
{
    struct part p = {.type = STR("")};
    struct str key;
    if (!rd_object(r, ""))
        return p;
    while (rd_key(r, &key)) {
        if (rd_is(key, "type"))
            (void)rd_string(r, "", &p.type);
        else if (rd_is(key, "text"))
            (void)rd_text(r, "", &p.text);
        else if (rd_is(key, "refusal"))
            (void)rd_text(r, "", &p.refusal);
        else if (rd_is(key, "annotations"))
            (void)rd_raw(r, &p.annotations);
        else if (rd_is(key, "logprobs"))
            (void)rd_raw(r, &p.logprobs);
        else
            rd_skip(r);
    }
    return p;
}

struct str responses_tokens(struct str raw)
{
    return raw.len > 2 && raw.p[0] == '[' ? raw : STR_NULL;
}

static void read_annotations(struct str list, const struct responses_in *in)
{
    struct reader r;
    struct str raw;
    responses_reader(&r, list, in->a);
    if (!rd_array(&r, ""))
        return;
    while (rd_element(&r))
        if (rd_raw(&r, &raw))
            responses_read_annotation(raw, in);
}

static void read_message(const struct responses_members *it, const struct responses_in *in)
{
    struct reader r;
    responses_reader(&r, it->content, in->a);
    if (!rd_array(&r, ""))
        return;
    while (rd_element(&r)) {
        struct part p = read_part(&r);
        if (p.text.len) {
            struct ir_event *e = add(in, IR_TEXT);
            e->text = p.text;
            e->logprobs = responses_tokens(p.logprobs);
        }
        if (p.refusal.len)
            add(in, IR_REFUSAL)->text = p.refusal;
        if (p.annotations.p)
            read_annotations(p.annotations, in);
    }
}

/* ------------------------------------------------------------------ other items */

void responses_seal(const struct responses_members *it, const struct responses_in *in)
{
    if (!it->encrypted.len)
        return;
    add(in, IR_THINKING)->signature = (struct ir_signature){
        .origin = IR_ORIGIN_OPENAI, .data = it->encrypted, .id = it->id};
}

static void read_reasoning(const struct responses_members *it, const struct responses_in *in)
{
    struct str text = responses_reasoning_text(it->summary, in->a);
    if (!text.len)
        text = responses_reasoning_text(it->content, in->a);
    if (text.len) {
        struct ir_event *e = add(in, IR_THINKING);
        e->text = text;
        e->signature = (struct ir_signature){.origin = IR_ORIGIN_OPENAI, .id = it->id};
    }
    responses_seal(it, in);
}

struct ir_event *responses_call(const struct responses_members *it, const struct responses_in *in)
{
    struct ir_event *e = add(in, IR_TOOL_CALL);
    struct str id = it->call_id.len ? it->call_id : it->id;
    e->index = it->index;
    e->name = responses_full_name(it->space, it->name, in->a);
    e->id = id.len ? id
                   : str_of(arena_printf(in->a, "call_" STR_FMT "_%u", STR_ARG(in->id_seed),
                                         (unsigned)it->index));
    return e;
}

struct str responses_unquoted(struct str string)
{
    return string.len >= 2 && string.p[0] == '"' ? str_make(string.p + 1, string.len - 2) : STR("");
}

struct ir_json responses_arguments(const struct responses_members *it, struct arena *a)
{
    if (rd_is(it->type, "custom_tool_call"))
        return (struct ir_json){
            .raw = str_of(arena_printf(a, "{\"input\":\"" STR_FMT "\"}",
                                       STR_ARG(responses_unquoted(it->input))))};
    if (it->arguments.len && it->arguments.p[0] != '"')
        return (struct ir_json){.raw = it->arguments};
    return (struct ir_json){.raw = responses_unquoted(it->arguments), .quoted = true};
}

static void read_image(const struct responses_members *it, const struct responses_in *in)
{
    struct str data = responses_unquoted(it->result);
    if (data.len)
        add(in, IR_IMAGE)->media = (struct ir_media){
            .at = IR_MEDIA_BASE64, .type = STR("image/png"), .data = data};
}

void responses_item_events(const struct responses_members *it, const struct responses_in *in)
{
    if (rd_is(it->type, "message")) {
        read_message(it, in);
    } else if (rd_is(it->type, "reasoning")) {
        read_reasoning(it, in);
    } else if (rd_is(it->type, "function_call") || rd_is(it->type, "custom_tool_call")) {
        responses_call(it, in)->json = responses_arguments(it, in->a);
    } else if (rd_is(it->type, "image_generation_call")) {
        read_image(it, in);
    } else if (it->type.len) {
        struct ir_event *e = add(in, IR_OTHER);
        e->raw = it->raw;
        e->name = it->type;
    }
}

/* ------------------------------------------------------------------ the response object */

static void read_usage(struct reader *r, struct responses_said *said)
{
    struct openai_usage_spans spans;
    if (rd_object(r, "") && !openai_scan_usage(&r->s, &said->usage, &spans))
        r->failed = true;
}

static void read_incomplete(struct reader *r, struct responses_said *said)
{
    struct str key;
    if (!rd_object(r, ""))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "reason"))
            (void)rd_string(r, "", &said->reason);
        else
            rd_skip(r);
    }
}

static void read_member(struct reader *r, struct str key, struct responses_said *said)
{
    enum json_token t;
    if (rd_is(key, "id")) {
        (void)rd_text(r, "", &said->id);
    } else if (rd_is(key, "model")) {
        (void)rd_string(r, "", &said->model);
    } else if (rd_is(key, "created_at")) {
        (void)rd_i64(r, "", &said->created_s);
    } else if (rd_is(key, "status")) {
        (void)rd_string(r, "", &said->status);
    } else if (rd_is(key, "service_tier")) {
        (void)rd_string(r, "", &said->service_tier);
    } else if (rd_is(key, "incomplete_details")) {
        read_incomplete(r, said);
    } else if (rd_is(key, "output")) {
        (void)rd_raw(r, &said->output);
    } else if (rd_is(key, "usage")) {
        read_usage(r, said);
    } else if (rd_is(key, "error")) {
        t = rd_peek(r);
        r->pending = false;
        if (!openai_scan_error(&r->s, t, r->a, &said->error))
            r->failed = true;
    } else {
        rd_skip(r);
    }
}

void responses_read_object(struct reader *r, struct responses_said *said)
{
    struct str key;
    *said = (struct responses_said){.status = STR("")};
    usage_clear(&said->usage);
    while (rd_key(r, &key))
        read_member(r, key, said);
}

void responses_say_failed(const struct dialect_answer *error, const struct responses_in *in)
{
    struct ir_event *e = ir_event_add(in->out, in->a, IR_ERROR);
    e->text = error->error_text;
    e->status = error->error_status;
}

void responses_start(const struct responses_said *said, const struct responses_in *in)
{
    struct ir_event *e = ir_event_add(in->out, in->a, IR_START);
    e->id = said->id;
    e->model = said->model;
    e->created_s = said->created_s;
}

void responses_stop(const struct responses_said *said, bool calls, int64_t searches,
                    const struct responses_in *in)
{
    struct ir_event *e = ir_event_add(in->out, in->a, IR_STOP);
    e->finish = responses_finish(said->status, said->reason, calls);
    e->finish_word = said->reason.len ? said->reason : said->status;
    e = ir_event_add(in->out, in->a, IR_USAGE);
    e->usage = said->usage;
    if (searches > 0)
        e->usage.web_searches = searches;
    e->service_tier = said->service_tier;
    (void)ir_event_add(in->out, in->a, IR_END);
}

bool responses_read_answer(struct str body, struct str id_seed, struct arena *a,
                           struct ir_events *out)
{
    const struct responses_in in = {.out = out, .a = a, .id_seed = id_seed};
    struct responses_said said;
    struct reader r;
    struct str raw;
    bool calls = false;
    int64_t searches = 0;
    rd_init(&r, body, a, NULL);
    if (!rd_body(&r))
        return false;
    responses_read_object(&r, &said);
    if (!rd_done(&r))
        return false;
    if (said.error.is_error || rd_is(said.status, "failed")) {
        responses_say_failed(&said.error, &in);
        return true;
    }
    if (!said.output.p)
        return false;
    responses_start(&said, &in);
    responses_reader(&r, said.output, a);
    if (!rd_array(&r, ""))
        return false;
    for (uint32_t i = 0; rd_element(&r); i++) {
        if (!rd_raw(&r, &raw))
            continue;
        struct responses_members it = responses_read_item(raw, i, a);
        calls |= str_ends(it.type, STR("_call")) && it.name.p;
        searches += rd_is(it.type, "web_search_call");
        responses_item_events(&it, &in);
    }
    responses_stop(&said, calls, searches, &in);
    return true;
}
