/* Resolves the lists of a restricted key against a snapshot, and asks them. Pure; any thread. */
#include "gateway/snapshot/permit.h"

/* One entry of the models' list. */
struct permitted {
    const struct snap_model *model;       /* exactly this one; NULL: by prefix */
    const struct snap_provider *provider; /* and only there; NULL: anywhere */
    struct str prefix;                    /* of the model's id, or of its name at the provider */
    bool nothing;
};

struct permit {
    bool by_provider, by_model;
    size_t n_providers, n_models;
    const struct snap_provider **providers;
    struct permitted *models;
};

static struct permitted read_prefix(const struct snapshot *s, struct uuid organisation,
                                    struct str prefix)
{
    struct str rest = prefix;
    struct str name = str_cut(&rest, '/');
    const struct snap_provider *provider = rest.p ? snapshot_provider_for(s, organisation, name)
                                                  : NULL;
    if (provider)
        return (struct permitted){.provider = provider, .prefix = rest};
    return (struct permitted){.prefix = prefix};
}

/* In the order in which resolve reads a request's model. */
static struct permitted read_name(const struct snapshot *s, struct uuid organisation,
                                  struct str name)
{
    const struct snap_model *model = snapshot_model_for(s, organisation, name);
    if (model)
        return (struct permitted){.model = model};
    struct str rest = name;
    const struct snap_provider *provider = snapshot_provider_for(s, organisation,
                                                                 str_cut(&rest, '/'));
    const struct snap_offer *offer = provider && rest.p ? snapshot_offer(s, provider, rest, STR(""))
                                                        : NULL;
    if (offer)
        return (struct permitted){.model = offer->model, .provider = provider};
    return (struct permitted){.nothing = true};
}

const struct permit *permit_new(const struct snapshot *s, const struct snap_key *key,
                                struct arena *a)
{
    const struct key_restrictions *k = key->restrictions;
    struct uuid organisation = key->organisation_id;
    if (!k || (!k->by_model && !k->by_provider))
        return NULL;
    struct permit *p = ARENA_NEW(a, struct permit);
    p->by_provider = k->by_provider;
    p->by_model = k->by_model;
    p->providers = arena_calloc(a, k->n_providers + 1, sizeof *p->providers);
    p->models = arena_calloc(a, k->n_models + 1, sizeof *p->models);
    for (size_t i = 0; i < k->n_providers; i++) {
        const struct snap_provider *provider = snapshot_provider_for(s, organisation,
                                                                     k->providers[i]);
        if (provider)
            p->providers[p->n_providers++] = provider;
    }
    for (size_t i = 0; i < k->n_models; i++) {
        struct str name = k->models[i];
        bool open = str_ends(name, STR("*"));
        p->models[p->n_models++] = open ? read_prefix(s, organisation,
                                                      str_make(name.p, name.len - 1))
                                        : read_name(s, organisation, name);
    }
    return p;
}

/* Does "head/tail" begin with the prefix? */
static bool begins(struct str prefix, struct str head, struct str tail)
{
    if (prefix.len <= head.len)
        return str_starts(head, prefix);
    return str_starts(prefix, head) && prefix.p[head.len] == '/' &&
           str_starts(tail, str_make(prefix.p + head.len + 1, prefix.len - head.len - 1));
}

static bool fits(const struct permitted *e, const struct snap_offer *o)
{
    if (e->nothing)
        return false;
    if (e->model)
        return e->model == o->model && (!e->provider || e->provider == o->provider);
    if (e->provider && e->provider == o->provider)
        return str_starts(o->model->short_slug, e->prefix) ||
               str_starts(o->provider_model, e->prefix);
    return !e->provider && (str_starts(o->model->slug, e->prefix) ||
                            begins(e->prefix, o->provider->slug, o->model->slug));
}

bool permit_offer(const struct permit *p, const struct snap_offer *o)
{
    if (!p)
        return true;
    bool good = !p->by_provider;
    for (size_t i = 0; i < p->n_providers && !good; i++)
        good = p->providers[i] == o->provider;
    if (!good)
        return false;
    good = !p->by_model;
    for (size_t i = 0; i < p->n_models && !good; i++)
        good = fits(&p->models[i], o);
    return good;
}

bool permit_model(const struct permit *p, const struct snap_model *m)
{
    for (size_t i = 0; i < m->n_offers; i++)
        if (permit_offer(p, m->offers[i]))
            return true;
    return false;
}
