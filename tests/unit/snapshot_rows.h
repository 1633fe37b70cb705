/* Configuration rows for tests of the snapshot: a small instance with everything sealed for real.
 * Included by one file an executable.
 */
#ifndef DOTEB_TESTS_SNAPSHOT_ROWS_H
#define DOTEB_TESTS_SNAPSHOT_ROWS_H

#include <sodium.h>
#include <stdio.h>

#include "common/apikey.h"
#include "gateway/snapshot/snapshot_priv.h"
#include "gateway/store/config_store.h"
#include "tests/unit/unit.h"

#define MASTER_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static struct master_keys *master; /* made by rows_setup */

static inline void rows_setup(void)
{
    char err[128];
    ASSERT(crypto_init());
    master = master_keys_parse(STR(MASTER_KEY), err);
    ASSERT(master);
}

static inline struct uuid id_of(uint8_t kind, uint32_t n)
{
    struct uuid u = {{kind, 0, 0, 0, 0, 0, 0x70, 0, 0x80}};
    for (int i = 0; i < 4; i++)
        u.b[12 + i] = (uint8_t)(n >> (24 - 8 * i));
    return u;
}
enum { ORGANISATION = 1, PROJECT, KEY, OWNER, PROVIDER_KEY, SIGNING_KEY };

/* Sealed text in the arena. */
static inline struct str seal_master(struct arena *a, struct str plain, struct crypto_aad aad)
{
    size_t len = plain.len + CRYPTO_SEAL_OVERHEAD;
    uint8_t *out = arena_alloc(a, len);
    master_seal(master, plain, str_make(aad.p, aad.len), out);
    return str_make((const char *)out, len);
}

static const char pepper_bytes[CRYPTO_KEY_BYTES] = "a pepper of thirty-two bytes...";
static const char data_key_bytes[CRYPTO_KEY_BYTES] = "a data key of thirty-two bytes.";

static inline struct apikey_hash hash_of(struct str key)
{
    struct secret *pepper = secret_new(pepper_bytes, sizeof pepper_bytes);
    struct apikey_hash hash = apikey_hash(pepper, key);
    secret_free(pepper);
    return hash;
}

static inline struct str seal_under(struct arena *a, struct crypto_aad aad, struct str plain)
{
    struct secret *key = secret_new(data_key_bytes, sizeof data_key_bytes);
    size_t len = plain.len + CRYPTO_SEAL_OVERHEAD;
    uint8_t *out = arena_alloc(a, len);
    data_seal(key, plain, str_make(aad.p, aad.len), out);
    secret_free(key);
    return str_make((const char *)out, len);
}

static inline struct str seal_credential(struct arena *a, struct uuid org, struct uuid row,
                                         struct str plain)
{
    return seal_under(a, aad_provider_key(org, row), plain);
}

#define ROWS(a, field, ...)                                                                        \
    do {                                                                                           \
        const __typeof__(*(a)->field) rows_init[] = {__VA_ARGS__};                                 \
        (a)->field = arena_alloc((a)->arena, sizeof rows_init);                                    \
        memcpy((a)->field, rows_init, sizeof rows_init);                                           \
        (a)->n_##field = ARRAY_LEN(rows_init);                                                     \
    } while (0)

/* Two organisations (the second archived), one project each, and a pepper; no catalogue. */
static inline struct config_rows rows_new(void)
{
    struct config_rows r = {.arena = arena_new(4096)};
    struct uuid one = id_of(ORGANISATION, 1), two = id_of(ORGANISATION, 2);
    struct str key = str_make(data_key_bytes, sizeof data_key_bytes);
    r.pepper_sealed = seal_master(r.arena, str_make(pepper_bytes, sizeof pepper_bytes),
                                  aad_pepper());
    ROWS(&r, organisations,
         {.id = one,
          .retention_days = 90,
          .data_key_sealed = seal_master(r.arena, key, aad_data_key(one))},
         {.id = two,
          .retention_days = 7,
          .archived = true,
          .data_key_sealed = seal_master(r.arena, key, aad_data_key(two))});
    ROWS(
        &r, projects, {.organisation_id = one, .id = id_of(PROJECT, 1), .mode = STR("api-keys")},
        {.organisation_id = one, .id = id_of(PROJECT, 2), .mode = STR("credits"), .archived = true},
        {.organisation_id = two, .id = id_of(PROJECT, 3), .mode = STR("hybrid")});
    return r;
}

static inline struct provider_row provider_row(int64_t id, const char *slug)
{
    return (struct provider_row){.id = id,
                                 .slug = str_of(slug),
                                 .name = str_of(slug),
                                 .base_url = STR("https://api.example.com/v1"),
                                 .dialect = STR("openai"),
                                 .framing = STR("sse"),
                                 .signer = STR("bearer"),
                                 .chat_path = STR("/chat/completions")};
}

static inline struct offer_row offer_row(int64_t id, int64_t provider, int64_t model,
                                         const char *provider_model)
{
    return (struct offer_row){.id = id,
                              .provider_id = provider,
                              .model_id = model,
                              .region = STR(""),
                              .provider_model = str_of(provider_model),
                              .context = -1,
                              .max_output = -1,
                              .capabilities = STR(""),
                              .ends_at_us = INT64_MAX};
}

static inline struct model_row model_row(int64_t id, const char *slug, const char *family)
{
    return (struct model_row){
        .id = id, .slug = str_of(slug), .name = str_of(slug), .family = str_of(family)};
}

/* A key that opens to `secret`. */
static inline struct provider_key_row provider_key(struct config_rows *r, uint32_t org, uint32_t id,
                                                   int64_t provider, const char *secret)
{
    struct uuid o = id_of(ORGANISATION, org), k = id_of(PROVIDER_KEY, id);
    return (struct provider_key_row){.organisation_id = o,
                                     .id = k,
                                     .provider_id = provider,
                                     .sealed = seal_credential(r->arena, o, k, str_of(secret)),
                                     .base_url = STR(""),
                                     .options = STR("{}")};
}

/* A signing key of the API key `key` (its text) that opens to `secret`. */
static inline struct signing_key_row signing_key(struct config_rows *r, uint32_t org, uint32_t id,
                                                 const char *access_key_id, const char *key,
                                                 const char *secret)
{
    struct uuid o = id_of(ORGANISATION, org), k = id_of(SIGNING_KEY, id);
    struct apikey_hash hash = hash_of(str_of(key));
    return (struct signing_key_row){
        .organisation_id = o,
        .id = k,
        .api_key_id = id_of(KEY, id),
        .access_key_id = str_of(access_key_id),
        .sealed = seal_under(r->arena, aad_signing_key(o, k), str_of(secret)),
        .key_hash = arena_str(r->arena, str_make((const char *)hash.b, sizeof hash.b)),
    };
}

#define NOW_US INT64_C(1800000000000000)

/* Takes the rows. */
static inline struct image *image_of(struct config_rows *rows, const struct image *previous)
{
    char err[128] = "";
    struct image_context context = {.master = master, .previous = previous, .now_us = NOW_US};
    struct image *img = image_build(rows, &context, err);
    ck_assert_msg(img != NULL, "%s", err);
    return img;
}

/* Was the row refused, with a reason that holds `why`? */
static inline bool has_problem(const struct image *img, const char *row, const char *why)
{
    map_for_each (&img->problems, slot) {
        const struct problem *p = slot->value;
        if (str_eq(p->row, str_of(row)) && str_find_str(p->why, str_of(why)) >= 0)
            return true;
    }
    return false;
}

/* A snapshot over the image (whose reference it takes) with no keys. */
static inline struct snapshot *snapshot_over(struct image *img)
{
    struct key_rows none = {0};
    struct key_table *keys = key_table_new(&none);
    struct snapshot *s = snapshot_new(1, img, keys);
    key_table_unref(keys);
    image_unref(img);
    return s;
}

#endif
