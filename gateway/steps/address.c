/* Makes the URL of an attempt from the provider's row, the key's options and the model's name.
 * Pure. */
#include "gateway/steps/address.h"

#include "gateway/snapshot/template.h"

enum { URL_MAX = 2048 };

/* "us-east-1" is a place, "us" and "global" are sets of places: those end in no digit. */
static bool is_place(struct str region)
{
    return region.len > 0 && region.p[region.len - 1] >= '0' && region.p[region.len - 1] <= '9';
}

/* The region that stands before the model's name, "" none. */
static struct str prefix_of(const struct snap_offer *o)
{
    bool prefix = QUIRK_IS(o->provider->quirks, REGION_IN_MODEL) && !is_place(o->region);
    return prefix ? o->region : STR("");
}

struct str address_model(struct req *r, const struct candidate *c)
{
    struct str prefix = prefix_of(c->offer), model = c->offer->provider_model;
    if (prefix.len == 0)
        return model;
    return str_of(arena_printf(r->arena, STR_FMT "." STR_FMT, STR_ARG(prefix), STR_ARG(model)));
}

bool address_fits(const struct snap_offer *o, const struct snap_provider_key *k)
{
    return o->region.len == 0 || k->region.len == 0 || prefix_of(o).len > 0 ||
           str_eq(o->region, k->region);
}

struct str address_region(const struct candidate *c)
{
    if (c->key->region.len || prefix_of(c->offer).len)
        return c->key->region;
    return c->offer->region;
}

const char *address_make(struct req *r, const struct candidate *c, const char *path)
{
    const struct snap_provider *p = c->offer->provider;
    struct str own = r->want.scan.stream ? p->stream_path : p->chat_path;
    struct str base = c->key->base_url.len ? c->key->base_url : p->base_url;
    struct str tail = path ? str_of(path) : own;
    const struct template_values v = {
        .option = {[OPTION_REGION] = address_region(c),
                   [OPTION_PROJECT] = c->key->project,
                   [OPTION_RESOURCE] = c->key->resource,
                   [OPTION_DEPLOYMENT] = c->key->deployment,
                   [OPTION_API_VERSION] = c->key->api_version},
        .model = address_model(r, c),
    };
    bool placed = template_needs(base, OPTION_API_VERSION) ||
                  template_needs(tail, OPTION_API_VERSION);
    struct buf b;
    buf_init(&b, URL_MAX);
    bool ok = template_expand(base, &v, &b) && template_expand(tail, &v, &b);
    if (ok && c->key->api_version.len && !placed)
        ok = template_add_version(&b, c->key->api_version);
    const char *url = ok ? arena_strdup(r->arena, buf_str(&b)) : NULL;
    buf_fini(&b);
    return url;
}
