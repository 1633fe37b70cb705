/* crypto: what is sealed opens, nothing else does, and the stored form stays what it is. The fixed
 * blobs were made with another implementation (Python, HChaCha20 over RFC 8439).
 */
#include "common/crypto.h"
#include "tests/unit/unit.h"

#include <sodium.h>
#include <sys/resource.h>

#define KEY_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_B "FF0102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"

/* Master key A seals "pepper" under aad_pepper(). */
#define BLOB_MASTER                                                                                \
    "01cb2f5160fc1f7e05404142434445464748494a4b4c4d4e4f5051525354555657a45c7500b59205237d059d77c5" \
    "2aa2c38f077e694add"
/* Data key A seals "sk-upstream" under aad_provider_key(00..0f, 10..1f). */
#define BLOB_DATA                                                                                  \
    "010000000000000000404142434445464748494a4b4c4d4e4f5051525354555657a7522805a0930d64ea95eac4"   \
    "76d21b7eb3db8146a22252f07fcd94"

static struct str blob(const char *hex, uint8_t *out, size_t max)
{
    size_t len;
    ck_assert_int_eq(sodium_hex2bin(out, max, hex, strlen(hex), NULL, &len, NULL), 0);
    return str_make((char *)out, len);
}

static struct str aad_str(const struct crypto_aad *a)
{
    return str_make(a->p, a->len);
}

static struct master_keys *keys_of(const char *text)
{
    char err[128];
    struct master_keys *m = master_keys_parse(str_of(text), err);
    ck_assert_ptr_nonnull(m);
    return m;
}

START_TEST(opens_the_fixed_blobs)
{
    uint8_t bytes[256], raw[32];
    struct crypto_aad aad = aad_pepper();
    struct master_keys *m = keys_of(KEY_A);
    struct secret *s = master_open(m, blob(BLOB_MASTER, bytes, sizeof bytes), aad_str(&aad));
    ck_assert_ptr_nonnull(s);
    ck_assert_text(secret_view(s), "pepper");
    secret_free(s);
    master_keys_free(m);

    struct uuid organisation = {{0}}, row = {{0}};
    for (size_t i = 0; i < 32; i++) {
        raw[i] = (uint8_t)i;
        *(i < 16 ? &organisation.b[i] : &row.b[i - 16]) = (uint8_t)i;
    }
    struct secret *key = secret_new(raw, sizeof raw);
    aad = aad_provider_key(organisation, row);
    s = data_open(key, blob(BLOB_DATA, bytes, sizeof bytes), aad_str(&aad));
    ck_assert_ptr_nonnull(s);
    ck_assert_text(secret_view(s), "sk-upstream");
    secret_free(s);
    aad = aad_provider_key(row, organisation);
    ck_assert_ptr_null(data_open(key, blob(BLOB_DATA, bytes, sizeof bytes), aad_str(&aad)));
    secret_free(key);
}
END_TEST

/* A well sealed blob of a form that is not ours to read. */
START_TEST(refuses_other_versions)
{
    uint8_t key[CRYPTO_KEY_BYTES] = {1}, b[CRYPTO_SEAL_OVERHEAD + 1];
    struct secret *k = secret_new(key, sizeof key);
    for (uint8_t version = 0; version < 4; version++) {
        uint8_t *nonce = b + 9;
        memset(b, 0, sizeof b);
        b[0] = version;
        crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + 24, NULL, (const uint8_t *)"x", 1, b, 9,
                                                   NULL, nonce, key);
        struct secret *s = data_open(k, str_make((char *)b, sizeof b), STR_NULL);
        ck_assert_int_eq(s != NULL, version == 1);
        secret_free(s);
    }
    secret_free(k);
}
END_TEST

/* Each bit of the blob and each shorter blob. */
START_TEST(refuses_altered_blobs)
{
    static const char plain[] = "credential";
    uint8_t sealed[sizeof plain - 1 + CRYPTO_SEAL_OVERHEAD];
    struct master_keys *m = keys_of(KEY_A);
    master_seal(m, STR(plain), STR("aad"), sealed);
    struct str s = str_make((char *)sealed, sizeof sealed);
    for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_msg(!master_open(m, s, STR("aad")), "bit %zu", bit);
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t len = 0; len < sizeof sealed; len++)
        ck_assert_ptr_null(master_open(m, str_make(s.p, len), STR("aad")));
    ck_assert_ptr_null(master_open(m, s, STR("aaD")));
    ck_assert_ptr_null(master_open(m, s, STR_NULL));
    struct secret *open = master_open(m, s, STR("aad"));
    ck_assert_ptr_nonnull(open);
    ck_assert_text(secret_view(open), plain);
    secret_free(open);
    master_keys_free(m);
}
END_TEST

START_TEST(keys_rotate)
{
    uint8_t old_blob[3 + CRYPTO_SEAL_OVERHEAD], new_blob[3 + CRYPTO_SEAL_OVERHEAD];
    struct str old_s = str_make((char *)old_blob, sizeof old_blob);
    struct str new_s = str_make((char *)new_blob, sizeof new_blob);
    struct master_keys *before = keys_of(KEY_A), *both = keys_of(" " KEY_B " ,\t" KEY_A "\n");
    master_seal(before, STR("abc"), STR_NULL, old_blob);
    master_seal(both, STR("abc"), STR_NULL, new_blob);
    ck_assert_ptr_null(master_open(before, new_s, STR_NULL));
    struct secret *a = master_open(both, old_s, STR_NULL), *b = master_open(both, new_s, STR_NULL);
    ck_assert(a && b && str_eq(secret_view(a), secret_view(b)));
    ck_assert_int_ne(memcmp(old_blob + 1, new_blob + 1, 8), 0);
    secret_free(a);
    secret_free(b);
    master_keys_free(before);
    master_keys_free(both);
}
END_TEST

START_TEST(refuses_malformed_keys)
{
    static const char *const bad[] = {
        "",
        " ",
        ",",
        KEY_A ",",
        "," KEY_A,
        KEY_A "0",
        "00",
        KEY_A "," KEY_A "x",
        "zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        KEY_A "," KEY_A "," KEY_A "," KEY_A "," KEY_A "," KEY_A "," KEY_A "," KEY_A "," KEY_A};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char err[128] = "";
        ck_assert_msg(!master_keys_parse(str_of(bad[i]), err), "%s", bad[i]);
        ck_assert_ptr_nonnull(strstr(err, "master key"));
        ck_assert_ptr_null(strstr(err, "0102")); /* never the value */
    }
    master_keys_free(NULL);
}
END_TEST

START_TEST(seals_differ_and_fit)
{
    static char plain[65536];
    static uint8_t a[sizeof plain + CRYPTO_SEAL_OVERHEAD + 1], b[sizeof a];
    uint8_t raw[32] = {1};
    struct secret *key = secret_new(raw, sizeof raw);
    memset(plain, 'p', sizeof plain);
    static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, sizeof plain};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        size_t len = sizes[i] + CRYPTO_SEAL_OVERHEAD;
        a[len] = 0x5A;
        data_seal(key, str_make(plain, sizes[i]), STR("x"), a);
        data_seal(key, str_make(plain, sizes[i]), STR("x"), b);
        ck_assert_uint_eq(a[len], 0x5A);
        ck_assert_int_ne(memcmp(a, b, len), 0); /* the nonce */
        struct secret *s = data_open(key, str_make((char *)a, len), STR("x"));
        ck_assert_ptr_nonnull(s);
        ck_assert(str_eq(secret_view(s), str_make(plain, sizes[i])));
        secret_free(s);
    }
    ck_assert_ptr_null(data_open(key, str_make((char *)a, sizeof a), STR("x"))); /* too long */
    secret_free(key);
    secret_free(NULL);
}
END_TEST

/* More than may be guarded: the rest still serve. */
START_TEST(many_secrets)
{
    enum { MANY = 10000 };
    static struct secret *secrets[MANY];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++)
            secrets[i] = secret_new(&i, sizeof i);
        for (int i = 0; i < MANY; i++) {
            struct str s = secret_view(secrets[i]);
            if (!str_eq(s, str_make((char *)&i, sizeof i)))
                ck_abort_msg("secret %d", i);
            secret_free(secrets[i]);
        }
    }
}
END_TEST

START_TEST(no_core_dumps)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_CORE, &limit), 0);
    ck_assert_uint_eq(limit.rlim_cur, 0);
    ck_assert_uint_eq(limit.rlim_max, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        opens_the_fixed_blobs,  refuses_altered_blobs, refuses_other_versions, keys_rotate,
        refuses_malformed_keys, seals_differ_and_fit,  many_secrets,           no_core_dumps};
    return crypto_init() ? unit_run("crypto", tests, ARRAY_LEN(tests)) : EXIT_FAILURE;
}
