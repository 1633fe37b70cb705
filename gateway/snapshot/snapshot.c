/* A snapshot: an image of the configuration and a mark in the table of keys. Any thread reads;
 * look-ups take no lock and change nothing but a credential's first opening.
 */
#include "gateway/snapshot/snapshot.h"

#include "common/mem.h"
#include "common/spellings.h"
#include "gateway/sign/sigv4_key.h"
#include "gateway/snapshot/credential.h"
#include "gateway/snapshot/nearest.h"
#include "gateway/snapshot/snapshot_priv.h"

enum { SNAPSHOT_MAGIC = 0x736e6170 };

struct snapshot {
    uint32_t magic;
    _Atomic uint32_t refs;
    uint64_t version;
    struct image *img;
    struct key_table *keys;
    uint32_t keys_mark;
};

struct snapshot *snapshot_new(uint64_t version, struct image *img, struct key_table *keys)
{
    struct snapshot *s = xcalloc(1, sizeof *s);
    s->magic = SNAPSHOT_MAGIC;
    atomic_init(&s->refs, 1);
    s->version = version;
    s->img = image_ref(img);
    s->keys = key_table_ref(keys);
    s->keys_mark = key_table_mark(keys);
    return s;
}

struct snapshot *snapshot_ref(struct snapshot *s)
{
    CHECK(s, SNAPSHOT_MAGIC);
    ASSERT(atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed) > 0);
    return s;
}

bool snapshot_is_last(const struct snapshot *s)
{
    CHECK(s, SNAPSHOT_MAGIC);
    return atomic_load_explicit(&s->refs, memory_order_acquire) == 1;
}

void snapshot_unref(struct snapshot *s)
{
    if (!s)
        return;
    CHECK(s, SNAPSHOT_MAGIC);
    if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    image_unref(s->img);
    key_table_unref(s->keys);
    s->magic = 0;
    xfree(s);
}

uint64_t snapshot_version(const struct snapshot *s)
{
    CHECK(s, SNAPSHOT_MAGIC);
    return s->version;
}

struct apikey_hash snapshot_hash_key(const struct snapshot *s, struct str key)
{
    CHECK(s, SNAPSHOT_MAGIC);
    return apikey_hasher_hash(&s->img->hasher, key);
}

bool snapshot_find_hash(const struct snapshot *s, const struct apikey_hash *hash,
                        struct snap_key *out)
{
    CHECK(s, SNAPSHOT_MAGIC);
    return key_table_find(s->keys, s->keys_mark, hash, out);
}

bool snapshot_find_key(const struct snapshot *s, struct str key, struct snap_key *out)
{
    struct apikey_hash hash = snapshot_hash_key(s, key);
    return snapshot_find_hash(s, &hash, out);
}

const struct snap_signing_key *snapshot_signing_key(const struct snapshot *s,
                                                    struct str access_key_id, struct snap_key *key)
{
    CHECK(s, SNAPSHOT_MAGIC);
    const struct snap_signing_key *k = map_get(&s->img->signing_keys, access_key_id);
    bool whose = k && snapshot_find_hash(s, &k->key_hash, key) && uuid_eq(key->id, k->api_key_id);
    return whose ? k : NULL;
}

const struct secret *snapshot_signing_secret(const struct snap_signing_key *k)
{
    return credential_open(k->credential);
}

const struct snap_project *snapshot_project(const struct snapshot *s, struct uuid organisation_id,
                                            struct uuid project_id)
{
    CHECK(s, SNAPSHOT_MAGIC);
    struct uuid pair[2] = {project_id, organisation_id};
    return map_get(&s->img->projects, pair_key(pair));
}

const struct snap_model *snapshot_model(const struct snapshot *s, struct str slug)
{
    CHECK(s, SNAPSHOT_MAGIC);
    return map_get(&s->img->models, slug); /* struct model_entry begins with it */
}

const struct snap_provider *snapshot_provider(const struct snapshot *s, struct str slug)
{
    CHECK(s, SNAPSHOT_MAGIC);
    const struct snap_provider *p = map_get(&s->img->providers, slug);
    struct str meant = p ? STR_NULL : spelling_slug(slug);
    return meant.p ? map_get(&s->img->providers, meant) : p;
}

const struct snap_model *snapshot_model_for(const struct snapshot *s, struct uuid organisation_id,
                                            struct str slug)
{
    CHECK(s, SNAPSHOT_MAGIC);
    const struct tenant *t = image_tenant(s->img, organisation_id);
    const struct snap_model *own = t ? map_get(&t->models, slug) : NULL;
    return own ? own : snapshot_model(s, slug);
}

const struct snap_provider *snapshot_provider_for(const struct snapshot *s,
                                                  struct uuid organisation_id, struct str slug)
{
    CHECK(s, SNAPSHOT_MAGIC);
    const struct tenant *t = image_tenant(s->img, organisation_id);
    const struct snap_provider *own = t ? map_get(&t->providers, slug) : NULL;
    return own ? own : snapshot_provider(s, slug);
}

/* Without a wish, the offer without a region; else, if there is none, the first. */
static const struct snap_offer *in_region(const struct list *offers, struct str region)
{
    for (size_t i = 0; offers && i < offers->n; i++) {
        const struct snap_offer *o = offers->p[i];
        if (str_eq(o->region, region))
            return o;
    }
    return offers && region.len == 0 ? offers->p[0] : NULL;
}

const struct snap_offer *snapshot_offer(const struct snapshot *s, const struct snap_provider *p,
                                        struct str model, struct str region)
{
    CHECK(s, SNAPSHOT_MAGIC);
    const struct provider_entry *e = (const struct provider_entry *)(const void *)p;
    const struct list *whole = map_get(&e->names, model);
    if (whole)
        return in_region(whole, region);
    /* LiteLLM's nested form, "family/model". Anything else before a slash may be somebody's own
     * model of the same name, which must not be mistaken for ours. */
    struct str rest = model;
    struct str family = str_cut(&rest, '/');
    const struct snap_offer *o = rest.p ? in_region(map_get(&e->names, rest), region) : NULL;
    return o && str_ieq(o->model->family, family) ? o : NULL;
}

const struct snap_model *const *snapshot_models(const struct snapshot *s, size_t *n)
{
    CHECK(s, SNAPSHOT_MAGIC);
    *n = s->img->n_models;
    return s->img->model_list;
}

const struct snap_model *const *snapshot_own_models(const struct snapshot *s,
                                                    struct uuid organisation_id, size_t *n)
{
    CHECK(s, SNAPSHOT_MAGIC);
    const struct tenant *t = image_tenant(s->img, organisation_id);
    *n = t ? t->list.n : 0;
    return t ? (const struct snap_model *const *)(const void *)t->list.p : NULL;
}

static const struct snap_provider_key *const *keys_in(const struct list *l, size_t *n)
{
    *n = l ? l->n : 0;
    return l ? (const struct snap_provider_key *const *)(const void *)l->p : NULL;
}

const struct snap_provider_key *const *snapshot_provider_keys(const struct snapshot *s,
                                                              struct uuid organisation_id,
                                                              int32_t provider_id, size_t *n)
{
    CHECK(s, SNAPSHOT_MAGIC);
    struct key_group_name name = {organisation_id, provider_id};
    const struct key_group *g = map_get(&s->img->key_groups,
                                        str_make((const char *)&name, sizeof name));
    return keys_in(g ? &g->keys : NULL, n);
}

struct snap_keys snapshot_keys(const struct snapshot *s, const struct snap_project *project,
                               const struct snap_provider *p)
{
    const struct provider_entry *e = (const struct provider_entry *)(const void *)p;
    struct snap_keys k = {0};
    if (project->own_keys)
        k.own = snapshot_provider_keys(s, project->organisation_id, p->id, &k.n_own);
    if (project->platform_keys)
        k.platform = keys_in(e->platform, &k.n_platform);
    return k;
}

bool snap_provider_key_serves(const struct snap_provider_key *k, const struct snap_model *m)
{
    for (size_t i = 0; i < k->n_models; i++)
        if (k->models[i] == m->id)
            return true;
    return k->n_models == 0;
}

const struct secret *snapshot_credential(const struct snapshot *s,
                                         const struct snap_provider_key *k)
{
    CHECK(s, SNAPSHOT_MAGIC);
    return k->credential ? credential_open(k->credential) : NULL;
}

const struct price_list *snap_offer_prices(const struct snap_offer *o, int64_t wall_us)
{
    size_t low = 0, high = o->n_prices; /* rows before `low` hold already, from `high` on not yet */
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (o->prices[mid].effective_from_us <= wall_us)
            low = mid + 1;
        else
            high = mid;
    }
    return low ? &o->prices[low - 1] : NULL;
}

size_t snapshot_nearest_models(const struct snapshot *s, struct uuid organisation_id,
                               struct str name, struct str *out, size_t max)
{
    CHECK(s, SNAPSHOT_MAGIC);
    return near_names_find(s->img, organisation_id, name, out, max);
}

enum signer_kind snap_provider_signer(const struct snap_provider *p, struct str credential)
{
    const unsigned plain = 1u << SIGNER_BEARER | 1u << SIGNER_HEADER;
    unsigned fit = sigv4_key_is_pair(credential) ? p->signers & ~plain : p->signers & plain;
    enum signer_kind kind = SIGNER_BEARER;
    if (fit == 0)
        fit = p->signers; /* it will be refused by what it is given to */
    while (kind + 1 < SIGNER_COUNT && !(fit & 1u << kind))
        kind++;
    return kind;
}
