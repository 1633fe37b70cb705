/* Projects and provider keys of an image. Loader thread. Credentials stay sealed; those of rows
 * that did not change are shared with the image before.
 */
#include <jansson.h>

#include "common/log.h"
#include "gateway/snapshot/credential.h"
#include "gateway/snapshot/image.h"
#include "gateway/snapshot/template.h"

static_assert(offsetof(struct snap_project, id) == 0 &&
                  offsetof(struct snap_project, organisation_id) == sizeof(struct uuid),
              "pair_key");
static_assert(offsetof(struct snap_provider_key, id) == 0 &&
                  offsetof(struct snap_provider_key, organisation_id) == sizeof(struct uuid),
              "pair_key");
static_assert(sizeof(struct key_group_name) == sizeof(struct uuid) + sizeof(int32_t),
              "a map key has no padding");

/* Organisations by id; the rows outlive the build. */
static void map_organisations(const struct config_rows *rows, struct map *out)
{
    map_init(out);
    for (size_t i = 0; i < rows->n_organisations; i++) {
        struct organisation_row *row = &rows->organisations[i];
        (void)map_put(out, str_make((const char *)row->id.b, sizeof row->id.b), row);
    }
}

static const struct organisation_row *organisation(const struct map *m, const struct uuid *id)
{
    return map_get(m, str_make((const char *)id->b, sizeof id->b));
}

static enum project_mode read_mode(struct str word)
{
    if (str_eq(word, STR("api-keys")))
        return MODE_API_KEYS;
    return str_eq(word, STR("credits")) ? MODE_CREDITS : MODE_HYBRID;
}

void build_projects(struct builder *b)
{
    struct map organisations;
    map_organisations(b->rows, &organisations);
    for (size_t i = 0; i < b->rows->n_projects; i++) {
        const struct project_row *row = &b->rows->projects[i];
        const struct organisation_row *org = organisation(&organisations, &row->organisation_id);
        if (!org)
            continue;
        struct snap_project *p = ARENA_NEW(b->img->arena, struct snap_project);
        *p = (struct snap_project){
            .id = row->id,
            .organisation_id = row->organisation_id,
            .mode = read_mode(row->mode),
            .retention_days = (uint16_t)org->retention_days,
            .data_key_sealed = arena_str(b->img->arena, org->data_key_sealed),
            .active = !row->archived && !org->archived,
        };
        (void)map_put(&b->img->projects, pair_key(&p->id), p);
    }
    map_fini(&organisations);
}

/* A string option into the image's arena. NULL if fine, else why not. */
static const char *read_option(struct builder *b, const json_t *options, const char *name,
                               struct str url, struct str *out)
{
    const json_t *v = json_object_get(options, name);
    *out = STR("");
    if (!v || json_is_null(v))
        return template_needs(url, str_of(name)) ? "an option that its URL needs is missing" : NULL;
    struct str s = str_make(json_string_value(v), json_string_length(v));
    if (!json_is_string(v) || !template_check_value(s))
        return "an option is not of lower-case letters, digits and hyphens";
    *out = arena_str(b->img->arena, s);
    return NULL;
}

static const char *read_options(struct builder *b, struct str json, struct str url,
                                struct snap_provider_key *out)
{
    enum { OPTIONS_MAX = 64 << 10 };
    json_error_t error;
    json_t *options = NULL;
    if (json.len <= OPTIONS_MAX)
        options = json_loadb(json.p, json.len, JSON_REJECT_DUPLICATES, &error);
    const char *why = json_is_object(options) ? NULL : "its options are no JSON object";
    if (!why)
        why = read_option(b, options, "region", url, &out->region);
    if (!why)
        why = read_option(b, options, "project", url, &out->project);
    if (!why)
        why = read_option(b, options, "resource", url, &out->resource);
    json_decref(options);
    return why;
}

static const char *read_provider_key(struct builder *b, const struct provider_key_row *row,
                                     const struct snap_provider *p, struct snap_provider_key *out)
{
    const char *why = NULL;
    *out = (struct snap_provider_key){
        .id = row->id,
        .organisation_id = row->organisation_id,
        .provider_id = (int32_t)row->provider_id,
        .position = (int32_t)row->position,
        .base_url = STR(""),
    };
    if (row->base_url.len && !template_check_url(row->base_url, &out->base_url, &why))
        return why;
    return read_options(b, row->options, row->base_url.len ? out->base_url : p->base_url, out);
}

static struct snap_credential *credential_for(const struct builder *b,
                                              const struct provider_key_row *row,
                                              const struct organisation_row *org,
                                              const struct snap_provider_key *k)
{
    const struct image *previous = b->context->previous;
    const struct snap_provider_key *before =
        previous ? map_get(&previous->provider_keys, pair_key(&k->id)) : NULL;
    if (before && credential_matches(before->credential, org->data_key_sealed, row->sealed))
        return credential_ref(before->credential);
    return credential_new(b->context->master, k->organisation_id, k->id, org->data_key_sealed,
                          row->sealed);
}

static void add_to_group(struct builder *b, const struct snap_provider_key *k)
{
    struct key_group_name name = {k->organisation_id, k->provider_id};
    struct key_group *g = map_get(&b->img->key_groups, str_make((const char *)&name, sizeof name));
    if (!g) {
        g = ARENA_NEW(b->img->arena, struct key_group);
        g->name = name;
        (void)map_put(&b->img->key_groups, str_make((const char *)&g->name, sizeof name), g);
    }
    list_add(b->img->arena, &g->keys, k);
}

static void add_provider_key(struct builder *b, const struct provider_key_row *row,
                             const struct organisation_row *org)
{
    const struct provider_entry *p = map_get(&b->providers_by_id, row_key(&row->provider_id));
    if (!p || !org || org->archived)
        return;
    struct snap_provider_key *k = ARENA_NEW(b->img->arena, struct snap_provider_key);
    const char *why = read_provider_key(b, row, &p->p, k);
    if (why) {
        char id[UUID_TEXT_LEN + 1];
        uuid_format(row->id, id);
        build_problem(b, false, why, "provider key %s", id);
        return;
    }
    k->credential = credential_for(b, row, org, k);
    (void)map_put(&b->img->provider_keys, pair_key(&k->id), k);
    add_to_group(b, k);
}

void build_provider_keys(struct builder *b)
{
    struct map organisations;
    map_organisations(b->rows, &organisations);
    for (size_t i = 0; i < b->rows->n_provider_keys; i++) {
        const struct provider_key_row *row = &b->rows->provider_keys[i];
        add_provider_key(b, row, organisation(&organisations, &row->organisation_id));
    }
    map_fini(&organisations);
}
