/* Writes OpenAI chat answers and events for the client: the provider's bytes with ours spliced in,
 * and what we say ourselves. Pure; every write goes to the caller's capped buffer.
 */
#include "gateway/dialect/openai_priv.h"

enum part {
    PART_NOTHING, /* the bytes are left out */
    PART_COST,
    PART_COST_DETAILS,
    PART_COST_MEMBERS, /* those of the two that are not there yet, as members */
    PART_METADATA,
    PART_LAST_MEMBERS, /* choices and metadata, as members */
};

struct splice {
    struct dialect_span at;
    enum part part;
};

enum { SPLICES_MAX = 6 };

struct plan {
    const struct dialect_answer *an;
    const struct dialect_extra *extra;
    struct splice splice[SPLICES_MAX];
    size_t n;
    bool adds_choices, stripped;
};

static void add_cost(const struct cost *cost, struct buf *out)
{
    money_format(cost->total_pico, out);
}

/* {"input":0.000001,...}: lines of the cost by name. */
static void add_cost_details(const struct cost *cost, struct buf *out)
{
    buf_add_char(out, '{');
    for (unsigned i = 0; i < cost->n; i++) {
        const struct cost_line *line = &cost->line[i];
        if (i > 0)
            buf_add_char(out, ',');
        buf_add_char(out, '"');
        buf_add_str(out, str_of(price_kind_name((enum price_kind)line->kind)));
        buf_add_lit(out, "\":");
        money_format(line->amount_pico, out);
    }
    buf_add_char(out, '}');
}

static void plan_add(struct plan *p, struct dialect_span at, enum part part)
{
    ASSERT(p->n < SPLICES_MAX);
    size_t i = p->n++;
    for (; i > 0 && p->splice[i - 1].at.begin > at.begin; i--)
        p->splice[i] = p->splice[i - 1];
    p->splice[i] = (struct splice){at, part};
}

static void plan_usage(struct plan *p)
{
    const struct dialect_answer *an = p->an;
    if (an->usage_end == 0)
        return;
    if (p->extra->strip_usage) {
        plan_add(p, an->usage_member, PART_NOTHING);
        p->stripped = true;
        return;
    }
    if (!p->extra->cost)
        return;
    if (an->cost.end)
        plan_add(p, an->cost, PART_COST);
    if (an->cost_details.end)
        plan_add(p, an->cost_details, PART_COST_DETAILS);
    if (!an->cost.end || !an->cost_details.end)
        plan_add(p, (struct dialect_span){an->usage_end, an->usage_end}, PART_COST_MEMBERS);
}

static void plan_all(struct plan *p, bool is_event)
{
    const struct dialect_answer *an = p->an;
    if (!p->extra || an->object_end == 0)
        return;
    plan_usage(p);
    bool has_metadata = p->extra->metadata.len > 0;
    p->adds_choices = is_event && an->only_usage && !an->has_choices;
    if (has_metadata && an->metadata.end)
        plan_add(p, an->metadata, PART_METADATA);
    if ((has_metadata && !an->metadata.end) || p->adds_choices)
        plan_add(p, (struct dialect_span){an->object_end, an->object_end}, PART_LAST_MEMBERS);
}

static void add_cost_members(const struct plan *p, struct buf *out)
{
    bool comma = !p->an->usage_empty;
    if (!p->an->cost.end) {
        buf_add_str(out, comma ? STR(",\"cost\":") : STR("\"cost\":"));
        add_cost(p->extra->cost, out);
        comma = true;
    }
    if (!p->an->cost_details.end) {
        buf_add_str(out, comma ? STR(",\"cost_details\":") : STR("\"cost_details\":"));
        add_cost_details(p->extra->cost, out);
    }
}

static void add_last_members(const struct plan *p, struct buf *out)
{
    bool comma = p->an->members > (p->stripped ? 1u : 0u);
    if (p->adds_choices) {
        buf_add_str(out, comma ? STR(",\"choices\":[]") : STR("\"choices\":[]"));
        comma = true;
    }
    if (p->extra->metadata.len > 0 && !p->an->metadata.end) {
        buf_add_str(out, comma ? STR(",\"metadata\":") : STR("\"metadata\":"));
        buf_add_str(out, p->extra->metadata);
    }
}

static void add_part(const struct plan *p, enum part part, struct buf *out)
{
    switch (part) {
    case PART_NOTHING:
        break;
    case PART_COST:
        add_cost(p->extra->cost, out);
        break;
    case PART_COST_DETAILS:
        add_cost_details(p->extra->cost, out);
        break;
    case PART_COST_MEMBERS:
        add_cost_members(p, out);
        break;
    case PART_METADATA:
        buf_add_str(out, p->extra->metadata);
        break;
    case PART_LAST_MEMBERS:
        add_last_members(p, out);
        break;
    }
}

/* Bytes of an event: each line of them is a data line. */
static void add_bytes(struct str s, bool is_event, struct buf *out)
{
    while (is_event && s.len > 0) {
        ptrdiff_t lf = str_find(s, '\n');
        if (lf < 0)
            break;
        buf_add(out, s.p, (size_t)lf);
        buf_add_lit(out, "\ndata: ");
        s = str_make(s.p + lf + 1, s.len - (size_t)lf - 1);
    }
    buf_add_str(out, s);
}

static void add_spliced(struct str body, const struct dialect_answer *an,
                        const struct dialect_extra *extra, bool is_event, struct buf *out)
{
    struct plan p = {.an = an, .extra = extra};
    size_t at = 0;
    plan_all(&p, is_event);
    for (size_t i = 0; i < p.n; i++) {
        struct dialect_span span = p.splice[i].at;
        ASSERT(at <= span.begin && span.begin <= span.end && span.end <= body.len);
        add_bytes(str_make(body.p + at, span.begin - at), is_event, out);
        add_part(&p, p.splice[i].part, out);
        at = span.end;
    }
    add_bytes(str_make(body.p + at, body.len - at), is_event, out);
}

bool openai_splice_answer(struct str body, const struct dialect_answer *an,
                          const struct dialect_extra *extra, struct buf *out)
{
    add_spliced(body, an, extra, false, out);
    return !out->failed;
}

bool openai_write_event(const struct dialect_answer *an, const struct frame *f,
                        const struct dialect_extra *extra, struct buf *out)
{
    if (f->type.len > 0) {
        buf_add_lit(out, "event: ");
        buf_add_str(out, f->type);
        buf_add_char(out, '\n');
    }
    buf_add_lit(out, "data: ");
    add_spliced(f->data, an, extra, true, out);
    return buf_add_lit(out, "\n\n");
}

/* The raw values that a chunk of ours takes from one of the provider's. */
struct like {
    struct str id, created, model;
};

static void read_like(struct str data, struct like *out)
{
    struct json_scan s;
    *out = (struct like){STR("\"\""), STR("0"), STR("\"\"")};
    json_scan_init(&s, data, false);
    if (json_scan_next(&s) != JSON_OBJECT_BEGIN)
        return;
    while (json_scan_next(&s) == JSON_KEY) {
        struct str *to = json_scan_is(&s, STR("id"))        ? &out->id
                         : json_scan_is(&s, STR("created")) ? &out->created
                         : json_scan_is(&s, STR("model"))   ? &out->model
                                                            : NULL;
        enum json_token want = to == &out->created ? JSON_NUMBER : JSON_STRING;
        enum json_token t = json_scan_next(&s);
        struct str raw = json_scan_value(&s, t);
        if (!raw.p)
            return;
        if (to && t == want)
            *to = raw;
    }
}

static int64_t sum(int64_t x, int64_t y)
{
    return x < 0 && y < 0 ? -1 : (x < 0 ? 0 : x) + (y < 0 ? 0 : y);
}

struct count {
    const char *name;
    int64_t count; /* -1: unknown, left out */
};

/* ,"name":{...} with those counts that are known. */
static void add_details(struct buf *out, const char *name, const struct count *c, size_t n)
{
    bool first = true;
    for (size_t i = 0; i < n; i++) {
        if (c[i].count < 0)
            continue;
        if (first)
            buf_printf(out, ",\"%s\":{", name);
        buf_printf(out, "%s\"%s\":%lld", first ? "" : ",", c[i].name, (long long)c[i].count);
        first = false;
    }
    if (!first)
        buf_add_char(out, '}');
}

void openai_add_usage(const struct usage *u, const struct cost *cost, struct buf *out)
{
    int64_t input = u->input < 0 ? 0 : u->input, output = u->output < 0 ? 0 : u->output;
    const struct count prompt[] = {
        {"cached_tokens", u->cached},
        {"cache_write_tokens", sum(u->cache_write_5m, u->cache_write_1h)},
        {"audio_tokens", u->audio_input},
        {"image_tokens", u->image_tokens},
    };
    const struct count completion[] = {
        {"reasoning_tokens", u->reasoning},
        {"audio_tokens", u->audio_output},
        {"image_tokens", u->image_output},
    };
    const struct count tools[] = {{"web_search_requests", u->web_searches}};
    buf_printf(out, "{\"prompt_tokens\":%lld,\"completion_tokens\":%lld,\"total_tokens\":%lld",
               (long long)input, (long long)output, (long long)(input + output));
    add_details(out, "prompt_tokens_details", prompt, ARRAY_LEN(prompt));
    add_details(out, "completion_tokens_details", completion, ARRAY_LEN(completion));
    add_details(out, "server_tool_use", tools, ARRAY_LEN(tools));
    if (cost) {
        buf_add_lit(out, ",\"cost\":");
        add_cost(cost, out);
        buf_add_lit(out, ",\"cost_details\":");
        add_cost_details(cost, out);
    }
    buf_add_char(out, '}');
}

bool openai_write_usage_event(struct str like, const struct usage *u,
                              const struct dialect_extra *extra, struct buf *out)
{
    struct like from;
    read_like(like, &from);
    buf_add_lit(out, "data: {\"id\":");
    buf_add_str(out, from.id);
    buf_add_lit(out, ",\"object\":\"chat.completion.chunk\",\"created\":");
    buf_add_str(out, from.created);
    buf_add_lit(out, ",\"model\":");
    buf_add_str(out, from.model);
    buf_add_lit(out, ",\"choices\":[],\"usage\":");
    openai_add_usage(u, extra ? extra->cost : NULL, out);
    if (extra && extra->metadata.len > 0) {
        buf_add_lit(out, ",\"metadata\":");
        buf_add_str(out, extra->metadata);
    }
    return buf_add_lit(out, "}\n\n");
}

bool openai_write_error(const struct dialect_error *e, struct uuid request_id, struct buf *out)
{
    ASSERT(e->err != E_OK);
    buf_add_lit(out, "{\"error\":{\"message\":");
    buf_add_json(out, e->message.len > 0 ? e->message : str_of(err_text(e->err)));
    buf_add_lit(out, ",\"type\":");
    buf_add_json(out, str_of(err_type(e->err)));
    buf_add_lit(out, ",\"param\":");
    if (e->param.len > 0)
        buf_add_json(out, e->param);
    else
        buf_add_lit(out, "null");
    buf_add_lit(out, ",\"code\":");
    buf_add_json(out, str_of(err_code(e->err)));
    if (e->details.len > 0) {
        buf_add_char(out, ',');
        buf_add_str(out, e->details);
    }
    if (!uuid_is_zero(request_id)) {
        char text[UUID_TEXT_LEN + 1];
        uuid_format(request_id, text);
        buf_add_lit(out, ",\"request_id\":\"");
        buf_add(out, text, UUID_TEXT_LEN);
        buf_add_char(out, '"');
    }
    return buf_add_lit(out, "}}");
}

bool openai_write_error_event(void *state, const struct dialect_error *e, struct uuid request_id,
                              struct buf *out)
{
    (void)state;
    buf_add_lit(out, "data: ");
    openai_write_error(e, request_id, out);
    return buf_add_lit(out, "\n\n");
}

bool openai_write_done(struct buf *out)
{
    return buf_add_lit(out, "data: [DONE]\n\n");
}
