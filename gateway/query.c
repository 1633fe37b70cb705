/* Answers of GET /v1/models, /v1/models/{id} and /v1/key, from the snapshot. The worker's thread;
 * pure over the request. Shows what this key can call, nothing else. */
#include "gateway/query.h"

#include "common/clock.h"
#include "gateway/request_error.h"

static bool any_serves(const struct snap_provider_key *const *keys, size_t n,
                       const struct snap_model *m)
{
    for (size_t i = 0; i < n; i++)
        if (snap_provider_key_serves(keys[i], m))
            return true;
    return false;
}

static bool callable(const struct req *r, const struct snap_offer *o)
{
    struct snap_keys k = snapshot_keys(r->snap, r->who.project, o->provider);
    return (any_serves(k.own, k.n_own, o->model) ||
            any_serves(k.platform, k.n_platform, o->model)) &&
           o->ends_at_us > r->in.created_us && permit_offer(r->who.permit, o);
}

static struct dialect_model model_of(const struct snap_offer *o, bool prefixed)
{
    const struct snap_model *m = o->model;
    return (struct dialect_model){
        .provider = prefixed && !o->provider->own ? o->provider->slug : STR(""),
        .id = m->slug,
        .name = m->name,
        .owner = prefixed || o->provider->own ? o->provider->slug : m->family,
        .no_chat = (o->caps & CAPS_OF_OPERATIONS) != 0,
        .embeds = (o->caps & CAP_EMBEDDINGS) != 0,
        .created_s = m->released_us / 1000000,
        .context = o->context,
        .max_output = o->max_output,
    };
}

static const struct snap_offer *first_callable(const struct req *r, const struct snap_model *m)
{
    for (size_t i = 0; i < m->n_offers; i++)
        if (callable(r, m->offers[i]))
            return m->offers[i];
    return NULL;
}

/* A root id, then each provider's own name for it. Regions share a name: once is enough. */
static size_t list_model(const struct req *r, const struct snap_model *m, struct dialect_model *to)
{
    const struct snap_offer *first = first_callable(r, m);
    const struct snap_provider *last = NULL;
    size_t n = 0;
    if (!first)
        return 0;
    to[n++] = model_of(first, false);
    for (size_t i = 0; i < m->n_offers; i++) {
        const struct snap_offer *o = m->offers[i];
        if (o->provider == last || o->provider->own || !callable(r, o))
            continue;
        to[n++] = model_of(o, true);
        last = o->provider;
    }
    return n;
}

static void write_models(struct req *r, const struct dialect_model *m, size_t n, bool list)
{
    dialect_write_models(r->in.dialect, m, n, list, &r->out.tail);
}

static void list_models(struct req *r)
{
    size_t n, n_own, listed = 0;
    const struct snap_model *const *own = snapshot_own_models(r->snap, r->who.key.organisation_id,
                                                              &n_own);
    const struct snap_model *const *models = snapshot_models(r->snap, &n);
    size_t most = n_own;
    for (size_t i = 0; i < n; i++)
        most += models[i]->n_offers + 1;
    struct dialect_model *list = arena_calloc(r->arena, most, sizeof *list);
    for (size_t i = 0; i < n_own; i++)
        listed += list_model(r, own[i], list + listed);
    for (size_t i = 0; i < n; i++)
        listed += list_model(r, models[i], list + listed);
    write_models(r, list, listed, true);
}

static bool one_model(struct req *r)
{
    struct str id = r->in.call.model;
    struct uuid organisation = r->who.key.organisation_id;
    const struct snap_model *m = snapshot_model_for(r->snap, organisation, id);
    const struct snap_offer *o = m ? first_callable(r, m) : NULL;
    struct dialect_model found;
    if (o) {
        found = model_of(o, false);
        write_models(r, &found, 1, false);
        return true;
    }
    struct str model = id;
    const struct snap_provider *p = snapshot_provider_for(r->snap, organisation,
                                                          str_cut(&model, '/'));
    o = p && model.p ? snapshot_offer(r->snap, p, model, STR("")) : NULL;
    if (!o || !callable(r, o))
        return false;
    found = model_of(o, true);
    write_models(r, &found, 1, false);
    return true;
}

static void write_uuid(struct buf *out, struct uuid u)
{
    char text[UUID_TEXT_LEN + 1];
    uuid_format(u, text);
    buf_add_json(out, str_of(text));
}

static void this_key(struct req *r)
{
    static const char *const modes[] = {
        [MODE_API_KEYS] = "api-keys",
        [MODE_CREDITS] = "credits",
        [MODE_HYBRID] = "hybrid",
    };
    struct buf *out = &r->out.tail;
    const struct snap_key *k = &r->who.key;
    buf_add_lit(out, "{\"object\":\"key\",\"id\":");
    write_uuid(out, k->id);
    buf_add_lit(out, ",\"organisation_id\":");
    write_uuid(out, k->organisation_id);
    buf_add_lit(out, ",\"project_id\":");
    write_uuid(out, k->project_id);
    buf_add_lit(out, ",\"mode\":");
    buf_add_json(out, str_of(modes[r->who.project->mode]));
    buf_add_lit(out, ",\"expires_at\":");
    if (k->expires_at_us == INT64_MAX) {
        buf_add_lit(out, "null");
    } else {
        char text[25];
        clock_format_iso(k->expires_at_us, text);
        buf_add_json(out, str_of(text));
    }
    buf_add_char(out, '}');
}

void query_answer(struct req *r)
{
    bool found = true;
    r->out.status = 200;
    r->out.content_type = "application/json";
    if (r->in.endpoint == ENDPOINT_MODELS)
        list_models(r);
    else if (r->in.endpoint == ENDPOINT_KEY)
        this_key(r);
    else
        found = one_model(r);
    if (found)
        return;
    req_fail(r, E_NO_MODEL, STR("model"), "There is no model '%.*s' that this key can call.",
             (int)(r->in.call.model.len < 64 ? r->in.call.model.len : 64), r->in.call.model.p);
    request_error_answer(r);
}
