/* Makes an image out of configuration rows, and ends it. Loader thread builds; whoever drops the
 * last reference frees. A bad row costs that row, never the image.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "gateway/snapshot/credential.h"
#include "gateway/snapshot/image.h"

void list_add(struct arena *a, struct list *l, const void *p)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 4;
        const void **grown = arena_calloc(a, cap, sizeof *grown);
        if (l->n)
            memcpy(grown, l->p, l->n * sizeof *grown);
        l->p = grown;
        l->cap = cap;
    }
    l->p[l->n++] = p;
}

struct str row_key(const int64_t *id)
{
    return str_make((const char *)id, sizeof *id);
}

struct str pair_key(const struct uuid *id_then_organisation)
{
    return str_make((const char *)id_then_organisation, 2 * sizeof *id_then_organisation);
}

void build_problem(struct builder *b, bool quiet, const char *why, const char *row_fmt, ...)
{
    char row[160];
    va_list args;
    va_start(args, row_fmt);
    (void)vsnprintf(row, sizeof row, row_fmt, args);
    va_end(args);
    struct problem *p = ARENA_NEW(b->img->arena, struct problem);
    p->quiet = quiet;
    p->row = arena_str(b->img->arena, str_of(row));
    p->why = arena_str(b->img->arena, str_of(why));
    (void)map_put(&b->img->problems, str_of(arena_printf(b->img->arena, "%s: %s", row, why)), p);
}

void image_log_problems(const struct image *img, const struct image *previous)
{
    map_for_each (&img->problems, slot) {
        const struct problem *p = slot->value;
        if (previous && map_get(&previous->problems, slot->key))
            continue;
        log_event(p->quiet ? LOG_INFO : LOG_WARN, "config.row_not_served", LOG_STR("row", p->row),
                  LOG_STR("why", p->why));
    }
}

static struct image *image_new(struct arena *arena)
{
    struct image *img = xcalloc(1, sizeof *img);
    img->magic = IMAGE_MAGIC;
    atomic_init(&img->refs, 1);
    img->arena = arena;
    map_init(&img->providers);
    map_init(&img->models);
    map_init(&img->tenants);
    map_init(&img->projects);
    map_init(&img->provider_keys);
    map_init(&img->signing_keys);
    map_init(&img->key_groups);
    map_init(&img->problems);
    return img;
}

static void image_free(struct image *img)
{
    map_for_each (&img->provider_keys, slot)
        credential_unref(((struct snap_provider_key *)slot->value)->credential);
    map_for_each (&img->signing_keys, slot)
        credential_unref(((struct snap_signing_key *)slot->value)->credential);
    map_for_each (&img->providers, slot)
        map_fini(&((struct provider_entry *)slot->value)->names);
    build_own_free(img);
    map_fini(&img->providers);
    map_fini(&img->models);
    map_fini(&img->tenants);
    map_fini(&img->projects);
    map_fini(&img->provider_keys);
    map_fini(&img->signing_keys);
    map_fini(&img->key_groups);
    map_fini(&img->problems);
    apikey_hasher_wipe(&img->hasher);
    arena_free(img->arena);
    img->magic = 0;
    xfree(img);
}

struct image *image_ref(struct image *img)
{
    CHECK(img, IMAGE_MAGIC);
    ASSERT(atomic_fetch_add_explicit(&img->refs, 1, memory_order_relaxed) > 0);
    return img;
}

void image_unref(struct image *img)
{
    if (!img)
        return;
    CHECK(img, IMAGE_MAGIC);
    if (atomic_fetch_sub_explicit(&img->refs, 1, memory_order_acq_rel) == 1)
        image_free(img);
}

/* The order of the rows is the database's collation; ours is bytes. */
int build_by_slug(const void *a, const void *b)
{
    struct str x = (*(const struct snap_model *const *)a)->slug;
    struct str y = (*(const struct snap_model *const *)b)->slug;
    int order = memcmp(x.p, y.p, x.len < y.len ? x.len : y.len);
    return order ? order : (x.len > y.len) - (x.len < y.len);
}

static void build_model_list(struct builder *b)
{
    struct image *img = b->img;
    img->model_list = arena_calloc(img->arena, b->models_by_id.len, sizeof *img->model_list);
    map_for_each (&b->models_by_id, slot) {
        struct model_entry *e = slot->value;
        if (!e->owner.is_set)
            img->model_list[img->n_models++] = &e->m;
    }
    if (img->n_models)
        qsort(img->model_list, img->n_models, sizeof *img->model_list, build_by_slug);
}

static bool open_pepper(struct builder *b, char err[128])
{
    struct crypto_aad aad = aad_pepper();
    struct secret *pepper = master_open(b->context->master, b->rows->pepper_sealed,
                                        str_make(aad.p, aad.len));
    if (!pepper) {
        (void)snprintf(err, 128,
                       "DOTEB_MASTER_KEY does not open this database: it was set up with another "
                       "master key");
        return false;
    }
    apikey_hasher_init(&b->img->hasher, pepper);
    secret_free(pepper);
    return true;
}

struct image *image_build(struct config_rows *rows, const struct image_context *context,
                          char err[128])
{
    struct image *img = image_new(rows->arena);
    struct builder b = {.img = img, .rows = rows, .context = context};
    map_init(&b.providers_by_id);
    map_init(&b.models_by_id);
    bool ok = open_pepper(&b, err);
    if (ok) {
        build_providers(&b);
        build_models(&b);
        build_offers(&b);
        build_model_list(&b);
        build_own_lists(&b);
        build_projects(&b);
        build_provider_keys(&b);
        build_keyless(&b);
        build_signing_keys(&b);
        build_near_names(&b);
    }
    map_fini(&b.providers_by_id);
    map_fini(&b.models_by_id);
    *rows = (struct config_rows){0};
    if (ok)
        return img;
    image_unref(img);
    return NULL;
}
