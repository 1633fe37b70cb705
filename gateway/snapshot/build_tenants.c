/* Projects, provider keys and signing keys of an image. Loader thread. Credentials stay sealed;
 * those of rows that did not change are shared with the image before.
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
        enum project_mode mode = read_mode(row->mode);
        *p = (struct snap_project){
            .id = row->id,
            .organisation_id = row->organisation_id,
            .mode = mode,
            .retention_days = (uint16_t)org->retention_days,
            .data_key_sealed = arena_str(b->img->arena, org->data_key_sealed),
            .active = !row->archived && !org->archived,
            .suspended = org->suspended,
            .own_keys = mode != MODE_CREDITS || org->is_operator,
            .platform_keys = mode != MODE_API_KEYS && org->lent && !org->is_operator,
        };
        (void)map_put(&b->img->projects, pair_key(&p->id), p);
    }
    map_fini(&organisations);
}

/* A string option into the image's arena. NULL if fine, else why not. */
static const char *read_option(struct builder *b, const json_t *options, enum provider_option o,
                               struct str *out)
{
    const json_t *v = json_object_get(options, provider_option_name(o));
    *out = STR("");
    if (!v || json_is_null(v))
        return NULL;
    struct str s = str_make(json_string_value(v), json_string_length(v));
    if (!json_is_string(v) || !provider_option_fits(o, s))
        return "an option has others than letters, digits and hyphens, or too many";
    *out = arena_str(b->img->arena, s);
    return NULL;
}

static const char *read_options(struct builder *b, struct str json, struct template_values *out)
{
    enum { OPTIONS_MAX = 64 << 10 };
    json_error_t error;
    json_t *options = NULL;
    if (json.len <= OPTIONS_MAX)
        options = json_loadb(json.p, json.len, JSON_REJECT_DUPLICATES, &error);
    const char *why = json_is_object(options) ? NULL : "its options are no JSON object";
    for (enum provider_option o = 0; o < OPTION_COUNT && !why; o++)
        why = read_option(b, options, o, &out->option[o]);
    json_decref(options);
    return why;
}

static bool has_needed(struct str template, const struct template_values *v)
{
    for (enum provider_option o = 0; o < OPTION_COUNT; o++)
        if (v->option[o].len == 0 && template_needs(template, o))
            return false;
    return true;
}

/* A base URL of the key's own, with its holes filled. */
static const char *read_base_url(struct builder *b, struct str text,
                                 const struct template_values *v, struct str *out)
{
    enum { URL_MAX = 2048 };
    const char *why = NULL;
    struct str url;
    struct buf filled;
    if (!template_check_url(text, &url, &why))
        return why;
    buf_init(&filled, URL_MAX);
    if (template_expand(url, v, &filled))
        *out = arena_str(b->img->arena, buf_str(&filled));
    else
        why = "an option that its URL needs is missing";
    buf_fini(&filled);
    return why;
}

static void read_models(struct builder *b, struct str list, struct snap_provider_key *out)
{
    size_t commas = 0;
    for (size_t i = 0; i < list.len; i++)
        commas += list.p[i] == ',';
    if (list.len == 0)
        return;
    int32_t *models = arena_calloc(b->img->arena, commas + 1, sizeof *models);
    while (list.p) {
        int64_t id;
        if (str_to_i64(str_cut(&list, ','), &id))
            models[out->n_models++] = (int32_t)id;
    }
    out->models = models;
}

static const char *read_provider_key(struct builder *b, const struct provider_key_row *row,
                                     const struct snap_provider *p, struct snap_provider_key *out)
{
    struct template_values v = {.model = STR("")};
    const char *why = read_options(b, row->options, &v);
    *out = (struct snap_provider_key){
        .id = row->id,
        .organisation_id = row->organisation_id,
        .provider_id = (int32_t)row->provider_id,
        .position = (int32_t)row->position,
        .base_url = STR(""),
        .region = v.option[OPTION_REGION],
        .project = v.option[OPTION_PROJECT],
        .resource = v.option[OPTION_RESOURCE],
        .deployment = v.option[OPTION_DEPLOYMENT],
        .api_version = v.option[OPTION_API_VERSION],
    };
    if (why)
        return why;
    read_models(b, row->models, out);
    if (!has_needed(p->chat_path, &v) || !has_needed(p->stream_path, &v) ||
        (row->base_url.len == 0 && !has_needed(p->base_url, &v)))
        return "an option that its URL needs is missing";
    return row->base_url.len ? read_base_url(b, row->base_url, &v, &out->base_url) : NULL;
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
    return credential_new(&credential_of_provider_key, b->context->master, k->organisation_id,
                          k->id, org->data_key_sealed, row->sealed);
}

/* Returns its list. */
static const struct list *add_to_group(struct builder *b, const struct snap_provider_key *k)
{
    struct key_group_name name = {k->organisation_id, k->provider_id};
    struct key_group *g = map_get(&b->img->key_groups, str_make((const char *)&name, sizeof name));
    if (!g) {
        g = ARENA_NEW(b->img->arena, struct key_group);
        g->name = name;
        (void)map_put(&b->img->key_groups, str_make((const char *)&g->name, sizeof name), g);
    }
    list_add(b->img->arena, &g->keys, k);
    return &g->keys;
}

static void add_provider_key(struct builder *b, const struct provider_key_row *row,
                             const struct organisation_row *org)
{
    struct provider_entry *p = map_get(&b->providers_by_id, row_key(&row->provider_id));
    if (!p || !org || org->archived)
        return;
    if (p->owner.is_set && !uuid_eq(p->owner.organisation_id, row->organisation_id))
        return; /* the table does not allow it */
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
    const struct list *keys = add_to_group(b, k);
    if (org->is_operator && !p->owner.is_set)
        p->platform = keys;
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

/* A server of an organisation's own that asks for no key is called as if there were one, of none.
 */
void build_keyless(struct builder *b)
{
    for (size_t i = 0; i < b->rows->n_providers; i++) {
        const struct provider_row *row = &b->rows->providers[i];
        if (!row->owner.is_set || !row->keyless || !map_get(&b->providers_by_id, row_key(&row->id)))
            continue;
        struct snap_provider_key *k = ARENA_NEW(b->img->arena, struct snap_provider_key);
        struct str none = STR("");
        *k = (struct snap_provider_key){
            .organisation_id = row->owner.organisation_id,
            .provider_id = (int32_t)row->id,
            .base_url = none,
            .region = none,
            .project = none,
            .resource = none,
            .deployment = none,
            .api_version = none,
        };
        (void)add_to_group(b, k);
    }
}

static struct snap_credential *secret_for(const struct builder *b,
                                          const struct signing_key_row *row,
                                          const struct organisation_row *org)
{
    const struct image *previous = b->context->previous;
    const struct snap_signing_key *before =
        previous ? map_get(&previous->signing_keys, row->access_key_id) : NULL;
    if (before && uuid_eq(before->id, row->id) &&
        credential_matches(before->credential, org->data_key_sealed, row->sealed))
        return credential_ref(before->credential);
    return credential_new(&credential_of_signing_key, b->context->master, row->organisation_id,
                          row->id, org->data_key_sealed, row->sealed);
}

static void add_signing_key(struct builder *b, const struct signing_key_row *row,
                            const struct organisation_row *org)
{
    char id[UUID_TEXT_LEN + 1];
    uuid_format(row->id, id);
    if (!org || org->archived)
        return;
    ASSERT(row->key_hash.len == CRYPTO_HASH_BYTES); /* the table checks it */
    if (map_get(&b->img->signing_keys, row->access_key_id)) {
        build_problem(b, false, "its access key id is another one's too", "signing key %s", id);
        return;
    }
    struct snap_signing_key *k = ARENA_NEW(b->img->arena, struct snap_signing_key);
    k->id = row->id;
    k->api_key_id = row->api_key_id;
    k->access_key_id = row->access_key_id;
    memcpy(k->key_hash.b, row->key_hash.p, sizeof k->key_hash.b);
    k->credential = secret_for(b, row, org);
    (void)map_put(&b->img->signing_keys, k->access_key_id, k);
}

void build_signing_keys(struct builder *b)
{
    struct map organisations;
    map_organisations(b->rows, &organisations);
    for (size_t i = 0; i < b->rows->n_signing_keys; i++) {
        const struct signing_key_row *row = &b->rows->signing_keys[i];
        add_signing_key(b, row, organisation(&organisations, &row->organisation_id));
    }
    map_fini(&organisations);
}
