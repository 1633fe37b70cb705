/* Says which spans of a Responses request must change for the provider. Pure but for the arena. */
#include "gateway/dialect/openai_responses_priv.h"

static bool clamps(const struct dialect_request *in, const struct dialect_target *to)
{
    return to->max_temperature_milli >= 0 && in->temperature.end > 0 &&
           dialect_number_above(in->temperature_raw, to->max_temperature_milli);
}

/* The provider keeps nothing: the gateway itself is the memory. */
static struct dialect_edit store_edit(const struct dialect_request *in)
{
    if (in->store.end)
        return (struct dialect_edit){in->store.begin, in->store.end, STR("false")};
    ASSERT(!in->object_empty);
    return (struct dialect_edit){in->object_end, in->object_end, STR(",\"store\":false")};
}

#define SEALED "\"reasoning.encrypted_content\""

/* A later request may name this answer; then its reasoning must be there to be sent again. */
static bool needs_sealed(const struct dialect_request *in, const struct dialect_target *to)
{
    const struct responses_request *q = (const struct responses_request *)(const void *)in->chat;
    CHECK(q, RESPONSES_REQUEST_MAGIC);
    return in->keeps && !q->wants_encrypted && (to->caps & CAP_REASONING);
}

static struct dialect_edit include_edit(const struct dialect_request *in)
{
    const struct responses_request *q = (const struct responses_request *)(const void *)in->chat;
    CHECK(q, RESPONSES_REQUEST_MAGIC);
    size_t at = q->include.end - 1;
    if (q->include_list)
        return (struct dialect_edit){at, at, q->n_include ? STR("," SEALED) : STR(SEALED)};
    if (q->include.end)
        return (struct dialect_edit){q->include.begin, q->include.end, STR("[" SEALED "]")};
    return (struct dialect_edit){in->object_end, in->object_end, STR(",\"include\":[" SEALED "]")};
}

size_t responses_edit_request(const struct dialect_request *in, const struct dialect_target *to,
                              struct arena *a, struct dialect_edit edits[DIALECT_EDITS_MAX])
{
    size_t n = 0;
    if (!str_eq(in->model, to->model))
        edits[n++] = (struct dialect_edit){in->model_begin, in->model_end,
                                           dialect_json_string(to->model, a)};
    if (clamps(in, to))
        edits[n++] = (struct dialect_edit){in->temperature.begin, in->temperature.end,
                                           dialect_milli(to->max_temperature_milli, a)};
    if (in->keeps)
        edits[n++] = store_edit(in);
    if (needs_sealed(in, to))
        edits[n++] = include_edit(in);
    dialect_sort_edits(edits, n);
    return n;
}
