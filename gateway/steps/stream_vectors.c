/* The translated way of an answer of vectors: the provider's dialect reads them, the client's
 * writes them. There are as many as were asked for, or the attempt has failed. */
#include "gateway/steps/settle.h"
#include "gateway/steps/stream_priv.h"

static void note(struct req *r, const struct ir_vectors *v)
{
    struct dialect_answer *an = &r->out.answer;
    an->usage = v->usage;
    an->has_usage = v->usage.input >= 0;
    an->has_choices = true;
    an->model = v->model;
    an->id = v->id;
    an->items_end = v->n;
    for (size_t i = 0; i < v->n; i++)
        an->items += v->v[i].p != NULL;
}

enum step_rc convert_vectors(struct req *r)
{
    struct ir_vectors v = {.n = 0};
    struct dialect_answer *an = &r->out.answer;
    struct str body = buf_str(&r->up.body);
    usage_clear(&v.usage);
    if (!r->tx.dialect->scan_answer(body, r->arena, an))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer is no JSON object"));
    if (!an->is_error && !r->tx.dialect->read_vectors(body, r->arena, &v))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("its vectors make no sense"));
    if (!an->is_error) {
        *an = (struct dialect_answer){0};
        if (v.usage.input < 0 && r->up.input_tokens >= 0) {
            v.usage.input = r->up.input_tokens;
            v.usage.output = 0;
        }
        note(r, &v);
    }
    enum step_rc rc = stream_accept(r);
    if (rc != STEP_NEXT)
        return rc;
    struct dialect_writing w = {
        .scan = &r->want.scan,
        .request_id = r->in.id,
        .created_s = r->in.created_us / 1000000,
        .model = v.model.len ? v.model : r->route.candidate->offer->provider_model,
        .keep = r->arena,
    };
    v.usage = r->out.answer.usage; /* an estimate, where the provider told none */
    stream_extra(r, &w.extra);
    buf_reserve(&r->out.tail, r->up.body.len + w.extra.metadata.len);
    if (!r->in.dialect->write_vectors(&w, &v, &r->out.tail))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer is too large"));
    return STEP_NEXT;
}
