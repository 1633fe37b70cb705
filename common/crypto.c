/* Secrets in guarded memory, and sealing with XChaCha20-Poly1305. Any thread (a sealed key is only
 * read). Never logs, and never keeps a plain copy outside struct secret.
 */
#include "common/crypto.h"

#include <sodium.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/mem.h"

enum {
    SECRET_MAGIC = 0x73656372,
    MASTER_MAGIC = 0x6d737472,
    SECRET_MAX = 64 << 10,
    GUARDED_MAX = 8192, /* a guarded secret takes 4 of the 65,530 mappings a process may have */
    MASTER_MAX = 8,
    AAD_MAX = 256,
    VERSION = 1,
    ID_BYTES = 8,
    HEAD_BYTES = 1 + ID_BYTES,
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};

static_assert(HEAD_BYTES + NONCE_BYTES + TAG_BYTES == CRYPTO_SEAL_OVERHEAD, "sealed form");
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == CRYPTO_KEY_BYTES, "key size");

struct secret {
    uint32_t magic;
    bool guarded;
    size_t len;
    uint8_t *p; /* guarded: of sodium_malloc, read-only once filled */
};

static atomic_int guarded_now;

struct master_key {
    uint8_t id[ID_BYTES];
    struct secret *key;
};

struct master_keys {
    uint32_t magic;
    size_t n;
    struct master_key keys[MASTER_MAX]; /* the first one seals */
};

/* Room for `len` bytes, to be filled and then made read-only by secret_close. */
static struct secret *secret_blank(size_t len)
{
    ASSERT(len <= SECRET_MAX);
    struct secret *s = xmalloc(sizeof *s);
    *s = (struct secret){.magic = SECRET_MAGIC, .len = len};
    size_t room = len ? len : 1;
    if (atomic_fetch_add(&guarded_now, 1) < GUARDED_MAX)
        s->p = sodium_malloc(room);
    s->guarded = s->p != NULL;
    if (!s->guarded) {
        atomic_fetch_sub(&guarded_now, 1);
        s->p = xmalloc(room);
    }
    return s;
}

static struct secret *secret_close(struct secret *s)
{
    if (s->guarded)
        ASSERT(sodium_mprotect_readonly(s->p) == 0);
    return s;
}

struct secret *secret_new(const void *p, size_t len)
{
    struct secret *s = secret_blank(len);
    if (len)
        memcpy(s->p, p, len);
    return secret_close(s);
}

void secret_free(struct secret *s)
{
    if (!s)
        return;
    CHECK(s, SECRET_MAGIC);
    if (s->guarded) {
        sodium_free(s->p); /* wipes */
        atomic_fetch_sub(&guarded_now, 1);
    } else {
        sodium_memzero(s->p, s->len);
        xfree(s->p);
    }
    s->magic = 0;
    xfree(s);
}

struct str secret_view(const struct secret *s)
{
    CHECK(s, SECRET_MAGIC);
    return str_make((const char *)s->p, s->len);
}

bool crypto_init(void)
{
    if (sodium_init() < 0)
        return false;
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
#ifndef DOTEB_SANITIZED /* the leak checker attaches with ptrace, which this forbids */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    return true;
}

static bool hex_to_key(struct str hex, uint8_t key[CRYPTO_KEY_BYTES])
{
    size_t len;
    return hex.len == 2 * CRYPTO_KEY_BYTES &&
           sodium_hex2bin(key, CRYPTO_KEY_BYTES, hex.p, hex.len, NULL, &len, NULL) == 0 &&
           len == CRYPTO_KEY_BYTES;
}

/* False: the text is no key. */
static bool add_master(struct master_keys *m, struct str hex)
{
    struct secret *key = secret_blank(CRYPTO_KEY_BYTES);
    if (!hex_to_key(hex, key->p)) {
        secret_free(key);
        return false;
    }
    struct master_key *k = &m->keys[m->n];
    uint8_t digest[CRYPTO_HASH_BYTES];
    crypto_generichash(digest, sizeof digest, key->p, CRYPTO_KEY_BYTES, NULL, 0);
    memcpy(k->id, digest, ID_BYTES);
    k->key = secret_close(key);
    m->n++;
    return true;
}

static struct master_keys *refuse(struct master_keys *m, const char *why, char err[128])
{
    size_t len = strlen(why);
    ASSERT(len < 128);
    memcpy(err, why, len + 1);
    master_keys_free(m);
    return NULL;
}

struct master_keys *master_keys_parse(struct str text, char err[128])
{
    struct master_keys *m = xcalloc(1, sizeof *m);
    m->magic = MASTER_MAGIC;
    struct str rest = str_trim(text);
    if (rest.len == 0)
        return refuse(m, "the master key is empty; expected 64 hexadecimal digits", err);
    while (rest.p) {
        struct str part = str_trim(str_cut(&rest, ','));
        if (m->n == MASTER_MAX)
            return refuse(m, "more than 8 master keys", err);
        if (!add_master(m, part))
            return refuse(
                m, "a master key is not 64 hexadecimal digits; `openssl rand -hex 32` makes one",
                err);
    }
    return m;
}

void master_keys_free(struct master_keys *m)
{
    if (!m)
        return;
    CHECK(m, MASTER_MAGIC);
    for (size_t i = 0; i < m->n; i++)
        secret_free(m->keys[i].key);
    m->magic = 0;
    xfree(m);
}

/* The authenticated text beside the cipher text: the head of the blob, then the caller's. */
struct aad {
    uint8_t p[HEAD_BYTES + AAD_MAX];
    size_t len;
};

static struct aad whole_aad(const uint8_t head[HEAD_BYTES], struct str aad)
{
    struct aad a;
    ASSERT(aad.len <= AAD_MAX);
    memcpy(a.p, head, HEAD_BYTES);
    if (aad.len)
        memcpy(a.p + HEAD_BYTES, aad.p, aad.len);
    a.len = HEAD_BYTES + aad.len;
    return a;
}

static void seal(const uint8_t id[ID_BYTES], const struct secret *key, struct str plain,
                 struct str aad, uint8_t *out)
{
    ASSERT(key->len == CRYPTO_KEY_BYTES);
    out[0] = VERSION;
    memcpy(out + 1, id, ID_BYTES);
    uint8_t *nonce = out + HEAD_BYTES;
    randombytes_buf(nonce, NONCE_BYTES);
    struct aad a = whole_aad(out, aad);
    crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_BYTES, NULL, (const uint8_t *)plain.p,
                                               plain.len, a.p, a.len, NULL, nonce, key->p);
}

/* The caller has looked at the length. */
static bool decrypt(const struct secret *key, struct str sealed, struct str aad, uint8_t *out)
{
    const uint8_t *p = (const uint8_t *)sealed.p;
    const uint8_t *nonce = p + HEAD_BYTES;
    struct aad a = whole_aad(p, aad);
    size_t len = sealed.len - CRYPTO_SEAL_OVERHEAD;
    return p[0] == VERSION && crypto_aead_xchacha20poly1305_ietf_decrypt(
                                  out, NULL, NULL, nonce + NONCE_BYTES, len + TAG_BYTES, a.p, a.len,
                                  nonce, key->p) == 0;
}

/* The caller compared the id. */
static struct secret *open_sealed(const struct secret *key, struct str sealed, struct str aad)
{
    ASSERT(key->len == CRYPTO_KEY_BYTES);
    if (sealed.len < CRYPTO_SEAL_OVERHEAD || sealed.len > SECRET_MAX + CRYPTO_SEAL_OVERHEAD)
        return NULL;
    struct secret *plain = secret_blank(sealed.len - CRYPTO_SEAL_OVERHEAD);
    if (!decrypt(key, sealed, aad, plain->p)) {
        secret_free(plain);
        return NULL;
    }
    return secret_close(plain);
}

static bool sealed_by(struct str sealed, const uint8_t id[ID_BYTES])
{
    return sealed.len >= HEAD_BYTES && memcmp(sealed.p + 1, id, ID_BYTES) == 0;
}

void master_keys_id(const struct master_keys *m, uint8_t out[CRYPTO_MASTER_ID_BYTES])
{
    CHECK(m, MASTER_MAGIC);
    static_assert((int)ID_BYTES == (int)CRYPTO_MASTER_ID_BYTES, "one id");
    memcpy(out, m->keys[0].id, ID_BYTES);
}

void master_seal(const struct master_keys *m, struct str plain, struct str aad, uint8_t *out)
{
    CHECK(m, MASTER_MAGIC);
    seal(m->keys[0].id, m->keys[0].key, plain, aad, out);
}

struct secret *master_open(const struct master_keys *m, struct str sealed, struct str aad)
{
    CHECK(m, MASTER_MAGIC);
    struct secret *plain = NULL;
    for (size_t i = 0; i < m->n && !plain; i++)
        if (sealed_by(sealed, m->keys[i].id))
            plain = open_sealed(m->keys[i].key, sealed, aad);
    return plain;
}

static const uint8_t no_id[ID_BYTES] = {0};

void data_seal(const struct secret *key, struct str plain, struct str aad, uint8_t *out)
{
    CHECK(key, SECRET_MAGIC);
    seal(no_id, key, plain, aad, out);
}

struct secret *data_open(const struct secret *key, struct str sealed, struct str aad)
{
    CHECK(key, SECRET_MAGIC);
    return sealed_by(sealed, no_id) ? open_sealed(key, sealed, aad) : NULL;
}

bool data_open_into(const struct secret *key, struct str sealed, struct str aad, uint8_t *out)
{
    CHECK(key, SECRET_MAGIC);
    return sealed.len >= CRYPTO_SEAL_OVERHEAD && sealed_by(sealed, no_id) &&
           decrypt(key, sealed, aad, out);
}

static void aad_add(struct crypto_aad *a, const void *p, size_t len)
{
    ASSERT(len <= sizeof a->p - a->len);
    memcpy(a->p + a->len, p, len);
    a->len += len;
}

static struct crypto_aad aad_of(struct str purpose)
{
    struct crypto_aad a = {.len = 0};
    aad_add(&a, purpose.p, purpose.len);
    return a;
}

struct crypto_aad aad_pepper(void)
{
    return aad_of(STR("doteb pepper"));
}

struct crypto_aad aad_data_key(struct uuid organisation)
{
    struct crypto_aad a = aad_of(STR("doteb data key "));
    aad_add(&a, organisation.b, sizeof organisation.b);
    return a;
}

struct crypto_aad aad_provider_key(struct uuid organisation, struct uuid row)
{
    struct crypto_aad a = aad_of(STR("doteb provider key "));
    aad_add(&a, organisation.b, sizeof organisation.b);
    aad_add(&a, row.b, sizeof row.b);
    return a;
}

struct crypto_aad aad_signing_key(struct uuid organisation, struct uuid row)
{
    struct crypto_aad a = aad_of(STR("doteb signing key "));
    aad_add(&a, organisation.b, sizeof organisation.b);
    aad_add(&a, row.b, sizeof row.b);
    return a;
}

struct crypto_aad aad_second_factor(struct uuid user)
{
    struct crypto_aad a = aad_of(STR("doteb second factor "));
    aad_add(&a, user.b, sizeof user.b);
    return a;
}

struct crypto_aad aad_mail(struct uuid mail)
{
    struct crypto_aad a = aad_of(STR("doteb mail "));
    aad_add(&a, mail.b, sizeof mail.b);
    return a;
}

struct crypto_aad aad_answer(struct uuid caller, const uint8_t hash[32])
{
    struct crypto_aad a = aad_of(STR("doteb answer "));
    aad_add(&a, caller.b, sizeof caller.b);
    aad_add(&a, hash, 32);
    return a;
}

struct crypto_aad aad_response(struct uuid organisation, const uint8_t hash[16])
{
    struct crypto_aad a = aad_of(STR("doteb response "));
    aad_add(&a, organisation.b, sizeof organisation.b);
    aad_add(&a, hash, 16);
    return a;
}
