/* The configuration but for API keys, built whole from rows; what a snapshot looks into. Private to
 * the folder. Immutable once built, counted, any thread reads.
 */
#ifndef DOTEB_SNAPSHOT_IMAGE_H
#define DOTEB_SNAPSHOT_IMAGE_H

#include <stdatomic.h>

#include "common/apikey.h"
#include "common/arena.h"
#include "common/map.h"
#include "gateway/snapshot/snapshot.h"
#include "gateway/store/config_store.h"

/* Pointers in arena memory, growing. */
struct list {
    const void **p;
    size_t n, cap;
};

struct provider_entry {
    struct snap_provider p; /* first: handed out */
    struct owner owner;
    struct map names;            /* a name of a model -> struct list of struct snap_offer */
    const struct list *platform; /* struct snap_provider_key, the platform's; NULL none */
};

struct model_entry {
    struct snap_model m; /* first: handed out */
    struct owner owner;
    struct list offers;
};

/* What an organisation has of its own, apart from everybody's. */
struct tenant {
    struct uuid organisation_id;
    struct map providers;         /* slug -> struct provider_entry */
    struct map models;            /* slug -> struct model_entry */
    struct list list;             /* struct snap_model, by slug */
    struct near_name *near_names; /* of its models */
    size_t n_near_names;
};

/* Usable keys of one organisation at one provider. */
struct key_group {
    struct key_group_name {
        struct uuid organisation_id;
        int32_t provider_id;
    } name;
    struct list keys; /* struct snap_provider_key */
};

/* A row that is not served, and why. */
struct problem {
    struct str row, why;
    bool quiet; /* expected: something this version does not know yet */
};

/* A name that a caller may have meant. */
struct near_name {
    struct str text;
    uint64_t letters; /* which characters it has, as a bit set */
    const struct snap_model *model;
};

struct image {
    uint32_t magic;
    _Atomic uint32_t refs;
    struct arena *arena;
    struct apikey_hasher hasher;          /* of API keys: the instance's pepper */
    struct map providers;                 /* slug -> struct provider_entry */
    struct map models;                    /* slug or alias -> struct model_entry */
    struct map tenants;                   /* organisation -> struct tenant; those with any */
    struct map projects;                  /* id, organisation -> struct snap_project */
    struct map provider_keys;             /* id, organisation -> struct snap_provider_key */
    struct map signing_keys;              /* access key id -> struct snap_signing_key */
    struct map key_groups;                /* struct key_group_name -> struct key_group */
    struct map problems;                  /* "row: why" -> struct problem */
    const struct snap_model **model_list; /* by slug */
    size_t n_models, n_offers;
    struct near_name *near_names;
    size_t n_near_names;
};

enum { IMAGE_MAGIC = 0x696d6167 };

/* What a build needs beside the rows. */
struct image_context {
    const struct master_keys *master; /* borrowed until the last credential is gone */
    const struct image *previous;     /* opened credentials are carried over; may be NULL */
    int64_t now_us;                   /* wall time */
};

/* Returns owned, or NULL with the reason in `err`. Takes the rows and their arena, whatever comes
 * out. Rows that cannot be served are left out and listed in `problems`. */
struct image *image_build(struct config_rows *rows, const struct image_context *context,
                          char err[128]);
struct image *image_ref(struct image *img);
/* Accepts NULL. */
void image_unref(struct image *img);
/* Logs the problems that `previous` (may be NULL) did not have. */
void image_log_problems(const struct image *img, const struct image *previous);

/* Shared by the builder's files. */
struct builder {
    struct image *img;
    const struct config_rows *rows;
    const struct image_context *context;
    struct map providers_by_id, models_by_id; /* row id -> entry */
};
void list_add(struct arena *a, struct list *l, const void *p);
void build_problem(struct builder *b, bool quiet, const char *why, const char *row_fmt, ...)
    PRINTF_LIKE(4, 5);
/* Map keys out of memory that the image holds. */
struct str row_key(const int64_t *id);
struct str pair_key(const struct uuid *id_then_organisation);
/* build_own.c: where what `o` owns is found; the image's own maps for everybody's. */
struct map *build_provider_map(struct builder *b, const struct owner *o);
struct map *build_model_map(struct builder *b, const struct owner *o);
void build_own_lists(struct builder *b);
void build_own_near_names(struct builder *b, struct tenant *t); /* nearest.c */
void build_own_free(struct image *img);
int build_by_slug(const void *a, const void *b);
const struct tenant *image_tenant(const struct image *img, struct uuid organisation_id);
bool owner_eq(const struct owner *a, const struct owner *b);
/* build_catalogue.c */
void build_providers(struct builder *b);
void build_models(struct builder *b);
void build_offers(struct builder *b);
/* build_tenants.c */
void build_projects(struct builder *b);
void build_provider_keys(struct builder *b);
void build_keyless(struct builder *b);
void build_signing_keys(struct builder *b);
/* nearest.c */
void build_near_names(struct builder *b);

#endif
