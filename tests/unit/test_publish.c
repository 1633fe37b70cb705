/* publish: readers beside a publisher; nothing is freed under them, nothing is kept after them. */
#include "gateway/snapshot/publish.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/snapshot_rows.h"

/* Readers adopt, look up and let go while versions are published; each version has a provider of
 * its own, so that a mixed or freed snapshot shows. */
enum { VERSIONS = 1000, READERS = 4 };

struct shared {
    struct publisher publisher;
    atomic_bool done;
};

static uintptr_t check_version(const struct snapshot *s)
{
    char slug[32];
    (void)snprintf(slug, sizeof slug, "v%llu", (unsigned long long)snapshot_version(s));
    struct snap_key key;
    bool even = snapshot_version(s) % 2 == 0;
    uintptr_t wrong = snapshot_provider(s, str_of(slug)) == NULL;
    wrong += !snapshot_find_key(s, STR("the key"), &key) || key.revoked != even;
    size_t n;
    const struct snap_provider_key *const *keys = snapshot_provider_keys(s, id_of(ORGANISATION, 1),
                                                                         1, &n);
    const struct secret *c = n ? snapshot_credential(s, keys[0]) : NULL;
    return wrong + (!c || !str_eq(secret_view(c), STR("sk-shared")));
}

static void *adopt(void *arg)
{
    struct shared *shared = arg;
    struct snapshot *pinned = NULL;
    uintptr_t wrong = 0;
    for (unsigned i = 0; !atomic_load(&shared->done); i++) {
        struct snapshot *s = publisher_current(&shared->publisher);
        if (!s)
            continue;
        wrong += check_version(s);
        if (i % 16 == 0) { /* a request that takes long */
            if (pinned)
                wrong += check_version(pinned);
            snapshot_unref(pinned);
            pinned = snapshot_ref(s);
        }
        snapshot_unref(s);
    }
    snapshot_unref(pinned);
    return (void *)wrong;
}

static struct image *version_image(uint64_t version, const struct image *previous,
                                   struct str data_key, struct str sealed)
{
    struct config_rows r = rows_new();
    char slug[32];
    (void)snprintf(slug, sizeof slug, "v%llu", (unsigned long long)version);
    ROWS(&r, providers, provider_row(1, arena_strdup(r.arena, str_of(slug))));
    ROWS(&r, provider_keys, provider_key(&r, 1, 1, 1, "sk-shared"));
    r.organisations[0].data_key_sealed = arena_str(r.arena, data_key);
    r.provider_keys[0].sealed = arena_str(r.arena, sealed);
    return image_of(&r, previous);
}

static void publish_versions(struct shared *shared, struct arena *a)
{
    struct config_rows r = rows_new();
    struct str data_key = arena_str(a, r.organisations[0].data_key_sealed);
    struct str sealed = arena_str(a, provider_key(&r, 1, 1, 1, "sk-shared").sealed);
    config_rows_fini(&r);
    struct key_rows none = {0};
    struct key_table *keys = key_table_new(&none);
    struct key_entry e = {.id = id_of(KEY, 1), .expires_at_us = INT64_MAX};
    struct apikey_hash hash = hash_of(STR("the key"));
    memcpy(e.tag, hash.b, sizeof e.tag);
    struct image *img = NULL;
    for (uint64_t v = 1; v <= VERSIONS; v++) {
        struct image *next = version_image(v, img, data_key, sealed);
        image_unref(img);
        img = next;
        e.expires_at_us = v % 2 ? INT64_MAX : KEY_REVOKED;
        ck_assert_int_eq(key_table_put(keys, &e), KEY_PUT);
        publisher_put(&shared->publisher, snapshot_new(v, img, keys));
        if (v % 300 == 0) {
            struct key_table *merged = key_table_merge(keys);
            key_table_unref(keys);
            keys = merged;
        }
    }
    image_unref(img);
    key_table_unref(keys);
}

START_TEST(readers_live_through_a_thousand_versions)
{
    struct shared shared = {.done = false};
    struct arena *a = arena_new(1024);
    pthread_t threads[READERS];
    publisher_init(&shared.publisher);
    for (int i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, adopt, &shared), 0);
    publish_versions(&shared, a);
    atomic_store(&shared.done, true);
    for (int i = 0; i < READERS; i++) {
        void *wrong;
        ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
    publisher_sweep(&shared.publisher);
    ck_assert_uint_eq(shared.publisher.n_retired, 0);
    publisher_fini(&shared.publisher);
    arena_free(a);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {readers_live_through_a_thousand_versions};
    rows_setup();
    int status = unit_run("publish", tests, ARRAY_LEN(tests));
    master_keys_free(master);
    return status;
}
