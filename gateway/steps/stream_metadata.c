/* The `metadata` object of an answer: requested and used model and provider, attempts, what was
 * dropped. Pure over the request. */
#include "gateway/steps/stream_metadata.h"

#include "gateway/request_error.h"

/* All names of fields fit, each byte of them escaped: cut off it would be no JSON. */
enum { NAME_MAX_BYTES = 128 * 6 + 3, METADATA_MAX = STRIPPED_MAX * NAME_MAX_BYTES + 32 * 1024 };

static void free_buf(void *b)
{
    buf_fini(b);
}

static void member(struct buf *b, struct str name, struct str value)
{
    buf_add_json(b, name);
    buf_add_char(b, ':');
    buf_add_json(b, value);
    buf_add_char(b, ',');
}

void stream_metadata(struct req *r, struct dialect_extra *extra)
{
    const struct snap_offer *o = r->route.candidate->offer;
    struct buf *b = ARENA_NEW(r->arena, struct buf);
    buf_init(b, METADATA_MAX);
    arena_defer(r->arena, free_buf, b);
    buf_add_char(b, '{');
    member(b, STR("request_id"), str_of(r->in.id_text));
    member(b, STR("requested_model"), r->want.scan.model);
    member(b, STR("used_model"), o->model->slug);
    member(b, STR("used_provider"), o->provider->slug);
    member(b, STR("provider_model"), o->provider_model);
    buf_add_lit(b, "\"cached\":false,\"stripped_parameters\":[");
    for (size_t i = 0; i < r->tx.loss.n_stripped; i++) {
        if (i)
            buf_add_char(b, ',');
        buf_add_json(b, r->tx.loss.stripped[i]);
    }
    buf_add_lit(b, "],\"attempts\":");
    request_write_attempts(r, b);
    buf_add_char(b, '}');
    *extra = (struct dialect_extra){
        .cost = r->out.has_cost ? &r->out.cost : NULL,
        .metadata = b->failed ? STR("{}") : buf_str(b),
    };
}
