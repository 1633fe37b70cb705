/* One signature: parses the key, signs, forgets the key. OpenSSL's error queue is left empty, since
 * it is the thread's and TLS reads it too.
 */
#include "gateway/sign/rs256.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

/* An encrypted key must not make OpenSSL ask at a terminal. */
static int no_password(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

/* Returns owned, or NULL. */
static EVP_PKEY *read_key(struct str pem)
{
    if (pem.len > INT_MAX)
        return NULL;
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    return key;
}

static bool sign(EVP_PKEY *key, struct str text, uint8_t out[RS256_MAX_BYTES], size_t *len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    *len = RS256_MAX_BYTES;
    bool ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestSign(ctx, out, len, (const unsigned char *)text.p, text.len) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

const char *rs256_sign(struct str pem, struct str text, uint8_t out[RS256_MAX_BYTES], size_t *len)
{
    const char *why = NULL;
    EVP_PKEY *key = read_key(pem);
    if (!key)
        why = "its private key is no unencrypted PEM key";
    else if (!EVP_PKEY_is_a(key, "RSA"))
        why = "its private key is no RSA key";
    else if (EVP_PKEY_get_bits(key) < RS256_MIN_BITS || EVP_PKEY_get_bits(key) > RS256_MAX_BITS)
        why = "its private key has not 2,048 to 4,096 bits";
    else if (!sign(key, text, out, len))
        why = "its private key does not sign";
    EVP_PKEY_free(key);
    ERR_clear_error();
    return why;
}
