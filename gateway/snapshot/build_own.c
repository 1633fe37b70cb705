/* Where an image keeps what organisations have of their own (custom providers and their models), so
 * that a name leads from an organisation to its own rows and to nobody else's. Loader thread
 * builds, any thread reads.
 */
#include <stdlib.h>

#include "gateway/snapshot/image.h"

static struct str tenant_key(const struct uuid *organisation_id)
{
    return str_make((const char *)organisation_id->b, sizeof organisation_id->b);
}

const struct tenant *image_tenant(const struct image *img, struct uuid organisation_id)
{
    return map_get(&img->tenants, tenant_key(&organisation_id));
}

bool owner_eq(const struct owner *a, const struct owner *b)
{
    return a->is_set == b->is_set &&
           (!a->is_set || uuid_eq(a->organisation_id, b->organisation_id));
}

static struct tenant *tenant_of(struct builder *b, const struct owner *o)
{
    struct tenant *t = map_get(&b->img->tenants, tenant_key(&o->organisation_id));
    if (t)
        return t;
    t = ARENA_NEW(b->img->arena, struct tenant);
    t->organisation_id = o->organisation_id;
    map_init(&t->providers);
    map_init(&t->models);
    (void)map_put(&b->img->tenants, tenant_key(&t->organisation_id), t);
    return t;
}

struct map *build_provider_map(struct builder *b, const struct owner *o)
{
    return o->is_set ? &tenant_of(b, o)->providers : &b->img->providers;
}

struct map *build_model_map(struct builder *b, const struct owner *o)
{
    return o->is_set ? &tenant_of(b, o)->models : &b->img->models;
}

void build_own_lists(struct builder *b)
{
    map_for_each (&b->img->tenants, slot) {
        struct tenant *t = slot->value;
        map_for_each (&t->models, model)
            list_add(b->img->arena, &t->list, model->value); /* struct model_entry begins with it */
        if (t->list.n)
            qsort(t->list.p, t->list.n, sizeof *t->list.p, build_by_slug);
        build_own_near_names(b, t);
    }
}

void build_own_free(struct image *img)
{
    map_for_each (&img->tenants, slot) {
        struct tenant *t = slot->value;
        map_for_each (&t->providers, provider)
            map_fini(&((struct provider_entry *)provider->value)->names);
        map_fini(&t->providers);
        map_fini(&t->models);
    }
}
