/* OpenAI's embeddings and moderations, and rerank in the form that Cohere and Jina share. Pure. */
#include <stdio.h>

#include "tests/simulator/embed.h"
#include "tests/simulator/json_read.h"
#include "tests/simulator/openai.h"

/* A text to embed, to judge or to rank. */
static void add(struct chat_request *c, struct str text)
{
    chat_add_input(c, text);
    c->content_bytes -= text.len;
    chat_user_text(c, text);
}

/* One input: a string, tokens, or a part with text. */
static bool add_input(struct chat_request *c, const json_t *v)
{
    struct str text = json_is_string(v) ? json_str(v) : json_member(v, "text");
    if (json_is_array(v)) {
        chat_add_input(c, STR("tokens"));
        c->content_bytes += json_array_size(v) * 4 - 6;
        return json_is_integer(json_array_get(v, 0));
    }
    if (text.p || json_is_object(v)) {
        add(c, text.p ? text : STR(""));
    }
    return text.p || json_is_object(v);
}

static bool inputs(struct chat_request *c, struct api_error *e)
{
    const json_t *v = json_object_get(c->root, "input");
    size_t i;
    const json_t *one;
    bool ok = json_is_string(v) || json_array_size(v) > 0;
    if (json_is_string(v) || json_is_integer(json_array_get(v, 0))) {
        ok = add_input(c, v);
    } else {
        json_array_foreach(v, i, one)
        {
            ok = ok && add_input(c, one);
        }
    }
    return ok || api_error_set(e, 400, v ? "invalid_type" : "missing_required_parameter", "input",
                               v ? "Invalid 'input'." : "Missing required parameter: 'input'.");
}

static bool parse_embeddings(struct chat_request *c, const struct site *site, struct str body,
                             struct api_error *e)
{
    (void)site;
    if (!openai_read(c, body, e) || !inputs(c, e)) {
        return false;
    }
    struct str format = json_member(c->root, "encoding_format");
    c->base64 = str_eq(format, STR("base64"));
    if (format.p && !c->base64 && !str_eq(format, STR("float"))) {
        return api_error_set(e, 400, "invalid_value", "encoding_format",
                             "Invalid value: '%.40s'. Supported values are: 'float' and 'base64'.",
                             format.p);
    }
    c->dimensions = json_u32(json_object_get(c->root, "dimensions"), EMBED_DIMENSIONS);
    return (c->dimensions > 0 && c->dimensions <= EMBED_DIMENSIONS_MAX) ||
           api_error_set(e, 400, "integer_below_min_value", "dimensions",
                         "Invalid 'dimensions': expected 1 to %d.", EMBED_DIMENSIONS_MAX);
}

static void prompt_usage(struct buf *b, const struct reply *r, const struct script *s)
{
    if (s->usage == USAGE_NONE) {
        return;
    }
    render_member(b, STR(",\"usage\":{\"prompt_tokens\":"), r->usage.in);
    render_member(b, STR(",\"total_tokens\":"), r->usage.in);
    buf_add_char(b, '}');
}

static const char *render_embeddings(struct buf *b, const struct reply *r,
                                     const struct chat_request *c, const struct script *s)
{
    buf_add_lit(b, "{\"object\":\"list\",\"data\":[");
    for (uint32_t i = 0; i < c->n_inputs; i++) {
        buf_add_str(b, i > 0 ? STR(",") : STR(""));
        render_member(b, STR("{\"object\":\"embedding\",\"index\":"), i);
        if (c->base64) {
            buf_add_lit(b, ",\"embedding\":\"");
            embed_base64(b, c->inputs[i], c->dimensions);
            buf_add_lit(b, "\"}");
        } else {
            buf_add_lit(b, ",\"embedding\":[");
            embed_numbers(b, c->inputs[i], c->dimensions);
            buf_add_lit(b, "]}");
        }
    }
    buf_add_lit(b, "],\"model\":\"");
    render_escaped(b, r->model);
    buf_add_char(b, '"');
    prompt_usage(b, r, s);
    buf_add_char(b, '}');
    return "application/json";
}

static bool parse_moderations(struct chat_request *c, const struct site *site, struct str body,
                              struct api_error *e)
{
    (void)site;
    c->root = json_read(body);
    if (json_is_object(c->root) && !json_object_get(c->root, "model")) {
        (void)json_object_set_new(c->root, "model", json_string("omni-moderation-latest"));
    }
    json_t *root = c->root;
    c->root = NULL;
    return openai_take(c, root, e) && inputs(c, e);
}

static const char *const CATEGORIES[] = {"harassment",
                                         "harassment/threatening",
                                         "hate",
                                         "hate/threatening",
                                         "illicit",
                                         "illicit/violent",
                                         "self-harm",
                                         "self-harm/intent",
                                         "self-harm/instructions",
                                         "sexual",
                                         "sexual/minors",
                                         "violence",
                                         "violence/graphic"};

static void categories(struct buf *b, const char *name, const char *value, const char *first)
{
    buf_printf(b, ",\"%s\":{", name);
    for (size_t i = 0; i < ARRAY_LEN(CATEGORIES); i++) {
        buf_printf(b, "%s\"%s\":%s", i ? "," : "", CATEGORIES[i], i ? value : first);
    }
    buf_add_char(b, '}');
}

/* `finish=content_filter` (or refusal) flags everything. */
static const char *render_moderations(struct buf *b, const struct reply *r,
                                      const struct chat_request *c, const struct script *s)
{
    (void)s;
    bool flagged = r->finish == FINISH_FILTER || r->finish == FINISH_REFUSAL;
    buf_add_lit(b, "{\"id\":\"");
    buf_add_str(b, str_of(r->id));
    buf_add_lit(b, "\",\"model\":\"");
    render_escaped(b, r->model);
    buf_add_lit(b, "\",\"results\":[");
    for (uint32_t i = 0; i < c->n_inputs; i++) {
        buf_printf(b, "%s{\"flagged\":%s", i ? "," : "", flagged ? "true" : "false");
        categories(b, "categories", "false", flagged ? "true" : "false");
        categories(b, "category_scores", "0.001", flagged ? "0.98" : "0.001");
        categories(b, "category_applied_input_types", "[\"text\"]", "[\"text\"]");
        buf_add_char(b, '}');
    }
    buf_add_lit(b, "]}");
    return "application/json";
}

static bool parse_rerank(struct chat_request *c, const struct site *site, struct str body,
                         struct api_error *e)
{
    (void)site;
    if (!openai_read(c, body, e)) {
        return false;
    }
    struct str query = json_member(c->root, "query");
    size_t i;
    const json_t *v;
    if (!query.p) {
        return api_error_set(e, 400, "missing_required_parameter", "query",
                             "Missing required parameter: 'query'.");
    }
    json_array_foreach(json_object_get(c->root, "documents"), i, v)
    {
        struct str text = json_is_string(v) ? json_str(v) : json_member(v, "text");
        chat_add_input(c, text.p ? text : STR(""));
    }
    chat_user(c);
    chat_user_text(c, query);
    c->max_tokens = json_u32(json_object_get(c->root, "top_n"), c->n_inputs);
    return c->n_inputs > 0 || api_error_set(e, 400, "missing_required_parameter", "documents",
                                            "Missing required parameter: 'documents'.");
}

/* In thousandths: how many of the query's words the document has. */
static uint32_t score(struct str query, struct str document)
{
    uint32_t words = 0;
    uint32_t found = 0;
    while (query.p) {
        struct str word = str_cut(&query, ' ');
        words += word.len > 0;
        found += word.len > 0 && str_find_str(document, word) >= 0;
    }
    return 50 + (words ? found * 900 / words : 0);
}

/* The documents in the order of their scores, equal ones as they came. */
static const char *render_rerank(struct buf *b, const struct reply *r, const struct chat_request *c,
                                 const struct script *s)
{
    bool documents = json_is_true(json_object_get(c->root, "return_documents"));
    uint32_t told = 0;
    buf_add_lit(b, "{\"id\":\"");
    buf_add_str(b, str_of(r->id));
    buf_add_lit(b, "\",\"object\":\"list\",\"model\":\"");
    render_escaped(b, r->model);
    buf_add_lit(b, "\",\"results\":[");
    for (uint32_t want = 950; want >= 50 && told < c->max_tokens; want--) {
        for (uint32_t i = 0; i < c->n_inputs && told < c->max_tokens; i++) {
            if (score(c->last_user, c->inputs[i]) != want) {
                continue;
            }
            buf_printf(b, "%s{\"index\":%u,\"relevance_score\":0.%03u", told++ ? "," : "", i, want);
            if (documents) {
                buf_add_lit(b, ",\"document\":{\"text\":\"");
                render_escaped(b, c->inputs[i]);
                buf_add_lit(b, "\"}");
            }
            buf_add_char(b, '}');
        }
    }
    buf_add_lit(b, "],\"meta\":{\"api_version\":{\"version\":\"2\"},\"billed_units\":"
                   "{\"search_units\":1}}");
    prompt_usage(b, r, s);
    buf_add_char(b, '}');
    return "application/json";
}

OPENAI_PROTOCOL(OPENAI_EMBEDDINGS, "", parse_embeddings, render_embeddings);
OPENAI_PROTOCOL(OPENAI_MODERATIONS, "modr-", parse_moderations, render_moderations);
OPENAI_PROTOCOL(OPENAI_RERANK, "", parse_rerank, render_rerank);
