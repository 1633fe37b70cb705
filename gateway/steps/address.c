/* Makes the URL of an attempt from the provider's row, the key's options and the model's name.
 * Pure. */
#include "gateway/steps/address.h"

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

static struct str option_named(const struct candidate *c, struct str name)
{
    if (str_eq(name, STR("region")) && (c->key->region.len || prefix_of(c->offer).len))
        return c->key->region;
    if (str_eq(name, STR("region")))
        return c->offer->region;
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

/* A model's name as one segment of a path: everything but RFC 3986's unreserved is escaped. */
static void add_segment(struct buf *b, struct str s)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            buf_add_char(b, (char)c);
        } else {
            buf_add_char(b, '%');
            buf_add_char(b, hex[c >> 4]);
            buf_add_char(b, hex[c & 15]);
        }
    }
}

static bool add_path(struct buf *b, struct str path, struct str model)
{
    static const struct str hole = {"{model}", 7};
    ptrdiff_t at = str_find_str(path, hole);
    if (at < 0)
        return buf_add_str(b, path);
    buf_add(b, path.p, (size_t)at);
    add_segment(b, model);
    size_t behind = (size_t)at + hole.len;
    return buf_add(b, path.p + behind, path.len - behind);
}

const char *address_make(struct req *r, const struct candidate *c, const char *path)
{
    const struct snap_provider *p = c->offer->provider;
    struct buf b;
    buf_init(&b, URL_MAX);
    bool ok = c->key->base_url.len ? buf_add_str(&b, c->key->base_url) : expand(c, p->base_url, &b);
    struct str own = r->want.scan.stream ? p->stream_path : p->chat_path;
    ok = ok && add_path(&b, path ? str_of(path) : own, address_model(r, c));
    const char *url = ok ? arena_strdup(r->arena, buf_str(&b)) : NULL;
    buf_fini(&b);
    return url;
}
