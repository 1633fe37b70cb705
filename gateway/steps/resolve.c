/* Step 3: from the model's name to the ways to serve it, best first. Pure over the snapshot. Writes
 * r->target.
 *
 * Names: a root id ("gpt-5.2"), "provider/model", "provider/model:region", LiteLLM's spellings. A
 * root id may itself contain slashes, so the whole name is tried first. Order is by price; a named
 * provider comes first, the others stand behind it for failover unless x-no-fallback says no. The
 * platform's keys, where they are lent, stand behind all of the organisation's own: at the named
 * provider, then at the others. */
#include "gateway/request.h"
#include "gateway/steps/address.h"

struct pick {
    const struct snap_offer *offer;
    int64_t price; /* pico-dollars of a typical request */
    bool pinned;
};

enum { TYPICAL_INPUT = 1000, TYPICAL_OUTPUT = 250, PICKS_MAX = 64 };

struct choice {
    const struct snap_model *model;
    const struct snap_provider *provider; /* NULL: any */
    struct str region;                    /* "" any */
    const struct snap_offer *offer;       /* when a provider is named */
};

static bool choose_offer(const struct req *r, struct str name, struct choice *c)
{
    struct str model = name;
    struct str provider = str_cut(&model, '/');
    if (!model.p)
        return false;
    c->provider = snapshot_provider_for(r->snap, r->who.key.organisation_id, provider);
    if (!c->provider)
        return false;
    c->offer = snapshot_offer(r->snap, c->provider, model, STR(""));
    for (size_t at = model.len; !c->offer && at > 0; at--) {
        if (model.p[at - 1] != ':')
            continue;
        c->region = str_make(model.p + at, model.len - at);
        c->offer = snapshot_offer(r->snap, c->provider, str_make(model.p, at - 1), c->region);
        break;
    }
    c->model = c->offer ? c->offer->model : NULL;
    return c->offer != NULL;
}

static bool choose(const struct req *r, struct str name, struct choice *c)
{
    *c = (struct choice){.region = STR("")};
    c->model = snapshot_model_for(r->snap, r->who.key.organisation_id, name);
    return c->model || choose_offer(r, name, c);
}

static void fail_unknown(struct req *r, struct str name)
{
    struct str near[3];
    char list[160] = "";
    struct uuid organisation = r->who.key.organisation_id;
    size_t n = snapshot_nearest_models(r->snap, organisation, name, near, ARRAY_LEN(near));
    struct buf b;
    buf_init(&b, sizeof list - 1);
    for (size_t i = 0; i < n; i++) {
        size_t before = b.len;
        const struct snap_model *m = snapshot_model_for(r->snap, organisation, near[i]);
        if (m && !permit_model(r->who.permit, m)) /* the key could not call it */
            continue;
        buf_add_str(&b, b.len ? STR(", ") : STR(" Did you mean "));
        if (!buf_add_str(&b, near[i])) {
            b.len = before;
            break;
        }
    }
    memcpy(list, b.p ? b.p : "", b.len);
    bool any = b.len > 0;
    buf_fini(&b);
    req_fail(r, E_NO_MODEL, STR("model"), "There is no model '%.*s'.%s%s",
             (int)(name.len < 64 ? name.len : 64), name.p, list, any ? "?" : "");
}

static bool able(const struct req *r, const struct snap_offer *o)
{
    const struct dialect_request *scan = &r->want.scan;
    if (o->ends_at_us <= r->in.created_us)
        return false;
    const char *path;
    if (!dialect_serving(o->provider->dialect, r->in.dialect, o->caps, o->provider->quirks, &path))
        return false;
    const struct price_list *list = snap_offer_prices(o, r->in.created_us);
    uint32_t needs = scan->needs_price;
    if (needs && !(list && (list->tier[0].set & needs)))
        return false;
    return !scan->stream || (o->caps & CAP_STREAMING);
}

static int64_t price_of(const struct req *r, const struct snap_offer *o)
{
    const struct price_list *list = snap_offer_prices(o, r->in.created_us);
    return list ? money_add(cost_upper_pico(list, TYPICAL_INPUT, TYPICAL_OUTPUT),
                            cost_upper_units_pico(list, &r->want.scan.asked))
                : 0;
}

/* Insertion by (pinned, price): stable, so that equal prices keep the catalogue's order. */
static void insert(struct pick *picks, size_t *n, struct pick p)
{
    size_t i = *n;
    for (; i > 0; i--) {
        const struct pick *before = &picks[i - 1];
        bool keep = before->pinned != p.pinned ? before->pinned : before->price <= p.price;
        if (keep)
            break;
        picks[i] = *before;
    }
    picks[i] = p;
    ++*n;
}

static size_t collect(struct req *r, const struct choice *c, struct pick picks[PICKS_MAX])
{
    bool fallback = !str_ieq(r->in.header[HEADER_X_NO_FALLBACK], STR("true"));
    size_t n = 0;
    for (size_t i = 0; i < c->model->n_offers && n < PICKS_MAX; i++) {
        const struct snap_offer *o = c->model->offers[i];
        bool pinned = c->provider == o->provider && (c->region.len == 0 || o == c->offer);
        if ((c->provider && !pinned && !fallback) || !able(r, o))
            continue;
        if (c->region.len && !pinned) /* a region was asked for: nothing outside it */
            continue;
        if (!permit_offer(r->who.permit, o))
            continue;
        insert(picks, &n, (struct pick){.offer = o, .price = price_of(r, o), .pinned = pinned});
    }
    return n;
}

static void add_candidates(struct req *r, const struct snap_offer *o,
                           const struct snap_provider_key *const *keys, size_t n_keys)
{
    for (size_t k = 0; k < n_keys && r->target.n < CANDIDATES_MAX; k++) {
        if (!address_fits(o, keys[k]) || !snap_provider_key_serves(keys[k], o->model))
            continue;
        r->target.candidate[r->target.n++] = (struct candidate){.offer = o, .key = keys[k]};
    }
}

/* How many keys there are, whatever they may serve. */
static size_t add_all(struct req *r, const struct pick *picks, size_t n)
{
    size_t n_keys = 0, end;
    for (size_t begin = 0; begin < n; begin = end) {
        struct snap_keys k;
        for (end = begin; end < n && picks[end].pinned == picks[begin].pinned; end++) {
            k = snapshot_keys(r->snap, r->who.project, picks[end].offer->provider);
            add_candidates(r, picks[end].offer, k.own, k.n_own);
            n_keys += k.n_own + k.n_platform;
        }
        for (size_t i = begin; i < end && r->who.project->platform_keys; i++) {
            k = snapshot_keys(r->snap, r->who.project, picks[i].offer->provider);
            add_candidates(r, picks[i].offer, k.platform, k.n_platform);
        }
    }
    return n_keys;
}

/* Is what was asked for by name closed to this key? Others of the model's offers are no answer to
 * a provider's name that the key may not use. */
static bool denied(const struct req *r, const struct choice *c)
{
    for (size_t i = 0; i < c->model->n_offers; i++) {
        const struct snap_offer *o = c->model->offers[i];
        if ((!c->provider || c->provider == o->provider) && permit_offer(r->who.permit, o))
            return false;
    }
    return true;
}

/* Who has it, the best first: "a, b or c". Only the one that was asked for by name, if one was. */
static struct str providers_of(struct req *r, const struct pick *picks, size_t n)
{
    enum { NAMED_MAX = 4 };
    const struct snap_provider *named[NAMED_MAX];
    size_t n_named = 0;
    struct str text = STR("");
    for (size_t i = 0; i < n && n_named < NAMED_MAX && (i == 0 || !picks[0].pinned); i++) {
        size_t k = 0;
        while (k < n_named && named[k] != picks[i].offer->provider)
            k++;
        if (k == n_named)
            named[n_named++] = picks[i].offer->provider;
    }
    for (size_t i = 0; i < n_named; i++)
        text = str_of(arena_printf(r->arena, STR_FMT "%s" STR_FMT, STR_ARG(text),
                                   i == 0             ? ""
                                   : i + 1 == n_named ? " or "
                                                      : ", ",
                                   STR_ARG(named[i]->slug)));
    return text;
}

/* No key may serve it. Says what its owner can do: there are some that may not (`any`), or none. */
static void fail_no_key(struct req *r, struct str model, struct str providers, bool any)
{
    const struct snap_project *project = r->who.project;
    if (!project->own_keys && !project->platform_keys)
        req_fail(r, E_NOT_LENT, STR_NULL, NULL);
    else if (!project->own_keys)
        req_fail(r, E_NO_PROVIDER_KEY, STR("model"),
                 "None of the platform's provider keys serves '" STR_FMT
                 "', and this project uses those alone: ask the operator of this instance for one, "
                 "or give the project another mode.",
                 STR_ARG(model));
    else if (any)
        req_fail(r, E_NO_PROVIDER_KEY, STR("model"),
                 "None of your provider keys serves '" STR_FMT
                 "': their models or region leave it out, under Settings > Provider Keys.",
                 STR_ARG(model));
    else
        req_fail(r, E_NO_PROVIDER_KEY, STR("model"),
                 "No provider key for '" STR_FMT "': add one for " STR_FMT
                 " under Settings > Provider Keys.",
                 STR_ARG(model), STR_ARG(providers));
}

enum step_rc step_resolve(struct req *r)
{
    struct str name = r->want.scan.model;
    struct choice c;
    if (!choose(r, name, &c)) {
        fail_unknown(r, name);
        return STEP_FAIL;
    }
    r->target.model = c.model;
    if (r->who.permit && denied(r, &c)) {
        req_fail(r, E_MODEL_DENIED, STR("model"), "This API key may not use '%.*s'.",
                 (int)(name.len < 64 ? name.len : 64), name.p);
        return STEP_FAIL;
    }
    struct pick picks[PICKS_MAX];
    size_t n = collect(r, &c, picks);
    size_t n_keys = add_all(r, picks, n);
    if (r->target.n)
        return STEP_NEXT;
    if (n == 0)
        req_fail(r, E_UNSUPPORTED, STR("model"),
                 "No provider that this gateway can call serves '" STR_FMT "' for this request.",
                 STR_ARG(c.model->slug));
    else
        fail_no_key(r, c.model->slug, providers_of(r, picks, n), n_keys > 0);
    return STEP_FAIL;
}
