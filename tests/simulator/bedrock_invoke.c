/* Bedrock's InvokeModel for the embedding models that have no Converse: Amazon Titan's form, and
 * Cohere's. Pure.
 */
#include "tests/simulator/bedrock.h"
#include "tests/simulator/embed.h"
#include "tests/simulator/json_read.h"

static bool refuse(struct api_error *e, const char *what)
{
    return api_error_set(e, 400, NULL, NULL,
                         "Malformed input request: %s, please reformat your "
                         "input and try again.",
                         what);
}

static bool is_cohere(const struct chat_request *c)
{
    return str_find_str(c->model, STR("cohere.")) >= 0;
}

static void add(struct chat_request *c, struct str text)
{
    chat_add_input(c, text);
    c->content_bytes -= text.len;
    chat_user_text(c, text);
}

static bool parse(struct chat_request *c, const struct site *site, struct str body,
                  struct api_error *e)
{
    if (!bedrock_read(c, site, body, e)) {
        return false;
    }
    size_t i;
    const json_t *text;
    const json_t *dimensions = json_either(c->root, "dimensions", "output_dimension");
    c->dimensions = json_u32(dimensions, EMBED_DIMENSIONS);
    if (c->dimensions < 1 || c->dimensions > EMBED_DIMENSIONS_MAX) {
        return refuse(e, "#/dimensions: out of range");
    }
    if (!is_cohere(c)) {
        struct str input = json_member(c->root, "inputText");
        if (!input.p) {
            return refuse(e, "#: required key [inputText] not found");
        }
        add(c, input);
        return true;
    }
    json_array_foreach(json_object_get(c->root, "texts"), i, text)
    {
        if (!json_is_string(text)) {
            return refuse(e, "#/texts: expected type: String");
        }
        add(c, json_str(text));
    }
    if (c->n_inputs == 0) {
        return refuse(e, "#: required key [texts] not found");
    }
    return json_member(c->root, "input_type").p ||
           refuse(e, "#: required key [input_type] not found");
}

static void vectors(struct buf *b, const struct chat_request *c)
{
    for (uint32_t i = 0; i < c->n_inputs; i++) {
        buf_add_str(b, i > 0 ? STR("],[") : STR("[["));
        embed_numbers(b, c->inputs[i], c->dimensions);
    }
    buf_add_lit(b, "]]");
}

static void render_cohere(struct buf *b, const struct reply *r, const struct chat_request *c)
{
    bool by_type = json_array_size(json_object_get(c->root, "embedding_types")) > 0;
    buf_add_str(b, by_type ? STR("{\"embeddings\":{\"float\":") : STR("{\"embeddings\":"));
    vectors(b, c);
    buf_add_str(b, by_type ? STR("},\"id\":\"") : STR(",\"id\":\""));
    buf_add_str(b, str_of(r->id));
    buf_add_str(b, by_type ? STR("\",\"response_type\":\"embeddings_by_type\",\"texts\":[")
                           : STR("\",\"response_type\":\"embeddings_floats\",\"texts\":["));
    for (uint32_t i = 0; i < c->n_inputs; i++) {
        buf_add_str(b, i > 0 ? STR(",\"") : STR("\""));
        render_escaped(b, c->inputs[i]);
        buf_add_char(b, '"');
    }
    buf_add_lit(b, "]}");
}

static const char *render(struct buf *b, const struct reply *r, const struct chat_request *c,
                          const struct script *s)
{
    (void)s;
    if (is_cohere(c)) {
        render_cohere(b, r, c);
        return "application/json";
    }
    buf_add_lit(b, "{\"embedding\":[");
    embed_numbers(b, c->inputs[0], c->dimensions);
    buf_add_lit(b, "],\"embeddingsByType\":{\"float\":[");
    embed_numbers(b, c->inputs[0], c->dimensions);
    render_member(b, STR("]},\"inputTextTokenCount\":"), r->usage.in);
    buf_add_char(b, '}');
    return "application/json";
}

const struct protocol BEDROCK_INVOKE = {
    .id_prefix = "",
    .keys = KEY_SIGV4 | KEY_BEARER,
    .faults = BEDROCK_FAULTS,
    .mute = true,
    .parse = parse,
    .refuse_key = bedrock_refuse_key,
    .no_model = bedrock_no_model,
    .head = bedrock_head,
    .render = render,
    .error = bedrock_error,
};
