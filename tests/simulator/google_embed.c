/* Google's embedContent and batchEmbedContents. Pure. */
#include "tests/simulator/embed.h"
#include "tests/simulator/google.h"
#include "tests/simulator/json_read.h"

static const char *const SINGLE[] = {
    "model", "content", "task_type", "title", "output_dimensionality", "embed_content_config",
    NULL};

static bool one(struct chat_request *c, const json_t *request, struct api_error *e)
{
    const json_t *parts = json_object_get(json_object_get(request, "content"), "parts");
    struct str text = json_member(json_array_get(parts, 0), "text");
    if (!text.p) {
        return api_error_set(e, 400, NULL, NULL,
                             "* EmbedContentRequest.content: contents is not specified\n");
    }
    c->dimensions = json_u32(json_either(request, "outputDimensionality", "output_dimensionality"),
                             EMBED_DIMENSIONS);
    if (c->dimensions < 1 || c->dimensions > EMBED_DIMENSIONS_MAX) {
        return api_error_set(e, 400, NULL, NULL,
                             "* EmbedContentRequest.output_dimensionality: out of range\n");
    }
    chat_add_input(c, text);
    c->content_bytes -= text.len;
    chat_user_text(c, text);
    return true;
}

static bool parse(struct chat_request *c, const struct site *site, struct str body,
                  struct api_error *e)
{
    return google_read(c, site, body, SINGLE, e) && one(c, c->root, e);
}

static bool parse_batch(struct chat_request *c, const struct site *site, struct str body,
                        struct api_error *e)
{
    static const char *const KNOWN[] = {"requests", "model", NULL};
    size_t i;
    const json_t *request;
    if (!google_read(c, site, body, KNOWN, e)) {
        return false;
    }
    json_array_foreach(json_object_get(c->root, "requests"), i, request)
    {
        if (!google_known(request, SINGLE, "requests", e) || !one(c, request, e)) {
            return false;
        }
    }
    return c->n_inputs > 0 || api_error_set(e, 400, NULL, NULL,
                                            "* BatchEmbedContentsRequest.requests: requests is "
                                            "not specified\n");
}

static const char *render(struct buf *b, const struct reply *r, const struct chat_request *c,
                          const struct script *s)
{
    (void)r;
    (void)s;
    buf_add_lit(b, "{\"embedding\":{\"values\":[");
    embed_numbers(b, c->inputs[0], c->dimensions);
    buf_add_lit(b, "]}}");
    return "application/json; charset=UTF-8";
}

static const char *render_batch(struct buf *b, const struct reply *r, const struct chat_request *c,
                                const struct script *s)
{
    (void)r;
    (void)s;
    buf_add_lit(b, "{\"embeddings\":[");
    for (uint32_t i = 0; i < c->n_inputs; i++) {
        buf_add_str(b, i > 0 ? STR("]},{\"values\":[") : STR("{\"values\":["));
        embed_numbers(b, c->inputs[i], c->dimensions);
    }
    buf_add_lit(b, "]}]}");
    return "application/json; charset=UTF-8";
}

const struct protocol GOOGLE_EMBED = {
    .id_prefix = "",
    .keys = KEY_GOOGLE | KEY_BEARER,
    .faults = GOOGLE_FAULTS,
    .mute = true,
    .parse = parse,
    .refuse_key = google_refuse_key,
    .no_model = google_no_model,
    .head = google_head,
    .render = render,
    .error = google_error,
};

const struct protocol GOOGLE_BATCH_EMBED = {
    .id_prefix = "",
    .keys = KEY_GOOGLE | KEY_BEARER,
    .faults = GOOGLE_FAULTS,
    .mute = true,
    .parse = parse_batch,
    .refuse_key = google_refuse_key,
    .no_model = google_no_model,
    .head = google_head,
    .render = render_batch,
    .error = google_error,
};
