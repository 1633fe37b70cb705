/* Reads whole Converse answers and errors into loose events. Pure but for the arena; it never
 * judges content.
 */
#include "gateway/dialect/bedrock_priv.h"

/* ------------------------------------------------------------------ usage and other members */

static void read_count(struct reader *r, int64_t *out)
{
    int64_t n;
    if (rd_i64(r, "usage", &n) && n >= 0 && n <= USAGE_COUNT_MAX)
        *out = n;
}

/* [{"ttl":"5m","inputTokens":1},...]: what was written to the cache, by how long it stays. */
static void read_cache_details(struct reader *r, struct usage *u)
{
    struct str key;
    if (!rd_array(r, "usage"))
        return;
    while (rd_element(r)) {
        struct str ttl = STR("");
        int64_t n = 0;
        if (!rd_object(r, "usage"))
            continue;
        while (rd_key(r, &key)) {
            if (rd_is(key, "ttl"))
                (void)rd_string(r, "usage", &ttl);
            else if (rd_is(key, "inputTokens"))
                read_count(r, &n);
            else
                rd_skip(r);
        }
        if (rd_is(ttl, "1h") && n > 0 && u->cache_write_1h <= USAGE_COUNT_MAX)
            u->cache_write_1h = (u->cache_write_1h > 0 ? u->cache_write_1h : 0) + n;
    }
}

static int64_t known(int64_t n)
{
    return n > 0 ? n : 0;
}

/* inputTokens tells what was neither read from the cache nor written to it. */
static void read_usage(struct reader *r, struct usage *u)
{
    struct str key;
    int64_t plain = -1, written = -1;
    if (!rd_object(r, "usage"))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "inputTokens"))
            read_count(r, &plain);
        else if (rd_is(key, "outputTokens"))
            read_count(r, &u->output);
        else if (rd_is(key, "cacheReadInputTokens"))
            read_count(r, &u->cached);
        else if (rd_is(key, "cacheWriteInputTokens"))
            read_count(r, &written);
        else if (rd_is(key, "cacheDetails"))
            read_cache_details(r, u);
        else
            rd_skip(r);
    }
    if (plain >= 0)
        u->input = plain + known(u->cached) + known(written);
    if (written >= 0) {
        if (u->cache_write_1h > written)
            u->cache_write_1h = written;
        u->cache_write_5m = written - known(u->cache_write_1h);
    }
}

/* {"stop_sequence":"..."} among the model's own fields. */
static struct str read_stop_sequence(struct reader *r)
{
    struct str key, text = STR_NULL;
    if (!rd_object(r, "additionalModelResponseFields"))
        return text;
    while (rd_key(r, &key)) {
        if (rd_is(key, "stop_sequence"))
            (void)rd_text(r, "stop_sequence", &text);
        else
            rd_skip(r);
    }
    return text;
}

static void read_tier(struct reader *r, struct ir_event *e)
{
    struct str key;
    if (!rd_object(r, "serviceTier"))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "type"))
            (void)rd_string(r, "serviceTier", &e->service_tier);
        else
            rd_skip(r);
    }
}

bool bedrock_read_shared(struct reader *r, struct str key, struct ir_events *out)
{
    struct str word;
    if (rd_is(key, "stopReason")) {
        if (rd_string(r, "stopReason", &word)) {
            struct ir_event *e = ir_event_add(out, r->a, IR_STOP);
            e->finish = bedrock_finish(word);
            e->finish_word = word;
        }
    } else if (rd_is(key, "additionalModelResponseFields")) {
        word = read_stop_sequence(r);
        if (word.p)
            ir_event_add(out, r->a, IR_STOP)->stop_sequence = word;
    } else if (rd_is(key, "usage")) {
        read_usage(r, &ir_event_add(out, r->a, IR_USAGE)->usage);
    } else if (rd_is(key, "serviceTier")) {
        read_tier(r, ir_event_add(out, r->a, IR_USAGE));
    } else {
        return false;
    }
    return true;
}

/* ------------------------------------------------------------------ citations */

static void add_citations(struct str array, struct arena *a, struct ir_events *out)
{
    struct reader r;
    rd_init(&r, array, a, NULL);
    if (!rd_array(&r, "citations"))
        return;
    while (rd_element(&r)) {
        struct ir_event *e = ir_event_add(out, a, IR_DELTA);
        e->block = IR_TEXT;
        bedrock_read_citation(&r, e);
    }
}

/* ------------------------------------------------------------------ the answer */

static struct str made_id(struct str seed, uint32_t n, struct arena *a)
{
    return str_of(arena_printf(a, "tooluse_" STR_FMT "_%u", STR_ARG(seed), (unsigned)n));
}

static void add_part(const struct ir_part *p, struct str id_seed, struct arena *a,
                     struct ir_events *out)
{
    struct ir_event *e = ir_event_add(out, a, IR_DELTA);
    e->block = p->kind;
    e->text = p->text;
    e->signature = p->signature;
    switch (p->kind) {
    case IR_TEXT:
        if (p->citations.p)
            add_citations(p->citations, a, out);
        break;
    case IR_TOOL_CALL:
        e->index = p->index;
        e->id = p->id.len ? p->id : made_id(id_seed, p->index, a);
        e->name = p->name;
        e->json = p->json;
        break;
    case IR_IMAGE:
    case IR_AUDIO:
        e->media = p->media;
        break;
    case IR_TOOL_RESULT:
    case IR_VIDEO:
    case IR_FILE:
    case IR_OTHER:
    case IR_KINDS:
        e->block = IR_OTHER;
        e->name = p->kind == IR_TOOL_RESULT ? STR("toolResult")
                  : p->kind == IR_VIDEO     ? STR("video")
                  : p->kind == IR_FILE      ? STR("document")
                                            : p->name;
        e->raw = p->raw;
        break;
    case IR_REFUSAL:
    case IR_THINKING:
    case IR_REDACTED:
        break;
    }
}

static void read_message(struct reader *r, struct str id_seed, struct ir_events *out)
{
    struct ir_message m = {.tail = &m.parts};
    struct bedrock_blocks b = {.r = r, .m = &m, .field = "content"};
    struct str key;
    if (!rd_object(r, "message"))
        return;
    (void)ir_event_add(out, r->a, IR_START);
    while (rd_key(r, &key)) {
        if (rd_is(key, "content"))
            bedrock_read_blocks(&b);
        else
            rd_skip(r);
    }
    for (const struct ir_part *p = m.parts; p; p = p->next)
        add_part(p, id_seed, r->a, out);
}

static void read_output(struct reader *r, struct str id_seed, struct ir_events *out)
{
    struct str key;
    if (!rd_object(r, "output"))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "message"))
            read_message(r, id_seed, out);
        else
            rd_skip(r);
    }
}

struct answer {
    bool is_answer;
    struct str message, type; /* of an error; decoded */
    /* for splicing */
    size_t members;
    struct dialect_span usage, metadata;
};

static bool read_all(struct reader *r, struct str id_seed, struct answer *an, struct ir_events *out)
{
    struct str key;
    if (!rd_body(r))
        return false;
    while (rd_key(r, &key)) {
        an->members++;
        bool usage = rd_is(key, "usage"), metadata = rd_is(key, "metadata");
        if (rd_is(key, "output")) {
            an->is_answer = true;
            read_output(r, id_seed, out);
        } else if (rd_is(key, "message") || rd_is(key, "Message")) {
            (void)rd_string(r, "message", &an->message);
        } else if (rd_is(key, "__type") || rd_is(key, "code")) {
            (void)rd_string(r, "__type", &an->type);
        } else if (usage || metadata) {
            (void)rd_peek(r);
            size_t begin = r->s.begin;
            if (metadata || !bedrock_read_shared(r, key, out))
                rd_skip(r);
            *(usage ? &an->usage : &an->metadata) = (struct dialect_span){begin, r->s.end};
        } else if (!bedrock_read_shared(r, key, out)) {
            rd_skip(r);
        }
    }
    return rd_done(r);
}

/* "com.amazon.coral.service#ThrottlingException:http://..." says ThrottlingException. */
static struct str exception_name(struct str type)
{
    ptrdiff_t hash = str_find(type, '#');
    if (hash >= 0)
        type = str_make(type.p + hash + 1, type.len - (size_t)hash - 1);
    return str_cut(&type, ':');
}

static void add_error(const struct answer *an, struct arena *a, struct ir_events *out)
{
    struct ir_event *e = ir_event_add(out, a, IR_ERROR);
    e->text = an->message.p ? an->message : exception_name(an->type);
    e->status = bedrock_exception_status(exception_name(an->type));
}

bool bedrock_read_answer(struct str body, struct str id_seed, struct arena *a,
                         struct ir_events *out)
{
    struct reader r;
    struct answer an = {.type = STR("")};
    rd_init(&r, body, a, NULL);
    if (!read_all(&r, id_seed, &an, out))
        return false;
    if (an.is_answer)
        (void)ir_event_add(out, a, IR_END);
    else if (an.message.p || an.type.len > 0)
        add_error(&an, a, out);
    return true;
}

bool bedrock_scan_answer(struct str body, struct arena *a, struct dialect_answer *out)
{
    struct reader r;
    struct ir_events events = {0};
    struct answer an = {.type = STR("")};
    *out = (struct dialect_answer){0};
    usage_clear(&out->usage);
    rd_init(&r, body, a, NULL);
    if (!read_all(&r, STR("x"), &an, &events))
        return false;
    if (!an.is_answer && (an.message.p || an.type.len > 0)) {
        events.n = 0;
        add_error(&an, a, &events);
    }
    if (!dialect_note_events(&events, a, out))
        return false;
    out->has_choices = an.is_answer;
    out->is_done = false;
    out->members = an.members;
    out->metadata = an.metadata;
    out->object_end = str_trim(body).len + (size_t)(str_trim(body).p - body.p) - 1;
    if (an.usage.end > an.usage.begin && body.p[an.usage.begin] == '{') {
        out->usage_end = an.usage.end - 1;
        struct str inner = str_make(body.p + an.usage.begin + 1,
                                    out->usage_end - an.usage.begin - 1);
        out->usage_empty = str_trim(inner).len == 0;
    }
    return true;
}
