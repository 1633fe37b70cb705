/* Makes the URL of an attempt from the provider's row, the key's options and the model's name.
 * Pure. */
#include "gateway/steps/address.h"

enum { URL_MAX = 2048 };

static struct str option_named(const struct candidate *c, struct str name)
{
    if (str_eq(name, STR("region")))
        return c->key->region.len ? c->key->region : c->offer->region;
    if (str_eq(name, STR("project")))
        return c->key->project;
    if (str_eq(name, STR("resource")))
        return c->key->resource;
    return STR("");
}

/* Fills {name} holes; false if one has no value. */
static bool expand(const struct candidate *c, struct str template, struct buf *out)
{
    while (template.len) {
        struct str plain = str_cut(&template, '{');
        buf_add_str(out, plain);
        if (!template.p)
            return true;
        struct str value = option_named(c, str_cut(&template, '}'));
        if (value.len == 0)
            return false;
        buf_add_str(out, value);
    }
    return true;
}

const char *address_make(struct req *r, const struct candidate *c, const char *path)
{
    const struct snap_provider *p = c->offer->provider;
    struct buf b;
    buf_init(&b, URL_MAX);
    bool ok = c->key->base_url.len ? buf_add_str(&b, c->key->base_url) : expand(c, p->base_url, &b);
    ok = ok && buf_add_str(&b, path ? str_of(path) : p->chat_path);
    const char *url = ok ? arena_strdup(r->arena, buf_str(&b)) : NULL;
    buf_fini(&b);
    return url;
}
