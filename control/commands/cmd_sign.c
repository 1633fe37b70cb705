/* `doteb-control catalogue sign --key KEY.pem FILE`: writes FILE.sig, the detached Ed25519
 * signature with which a feed is trusted, and says the public key that the feed's settings want.
 * Needs neither database nor configuration.
 */
#include <sodium.h>
#include <stdio.h>

#include "common/mem.h"
#include "control/args.h"
#include "control/catalogue/feed.h"
#include "control/catalogue/import.h"
#include "control/commands/commands.h"

/* What an Ed25519 private key begins with as PKCS #8 (RFC 8410), before its 32 bytes. */
static const uint8_t pkcs8[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

enum { KEY_FILE_MAX = 4096, TEXT_MAX = 128 };

static bool complain(const char *what, const char *why)
{
    (void)fprintf(stderr, "doteb-control: %s: %s\n", what, why);
    return false;
}

/* The key's 32 bytes out of a PEM file as `openssl genpkey -algorithm ed25519` makes it. */
static bool read_seed(const char *path, uint8_t seed[crypto_sign_SEEDBYTES])
{
    const struct str head = STR("-----BEGIN PRIVATE KEY-----");
    uint8_t der[sizeof pkcs8 + crypto_sign_SEEDBYTES];
    struct buf text;
    char err[512];
    size_t len = 0;
    if (!import_read_file(path, &text, err)) {
        buf_fini(&text);
        return complain("--key", err);
    }
    struct str s = buf_str(&text);
    ptrdiff_t at = text.len && text.len <= KEY_FILE_MAX ? str_find_str(s, head) : -1;
    bool ok = at >= 0;
    if (ok) {
        s = str_make(s.p + (size_t)at + head.len, s.len - (size_t)at - head.len);
        s = str_cut(&s, '-');
        ok = sodium_base642bin(der, sizeof der, s.p, s.len, " \r\n", &len, NULL,
                               sodium_base64_VARIANT_ORIGINAL) == 0 &&
             len == sizeof der && memcmp(der, pkcs8, sizeof pkcs8) == 0;
    }
    if (ok)
        memcpy(seed, der + sizeof pkcs8, crypto_sign_SEEDBYTES);
    if (text.p)
        sodium_memzero(text.p, text.cap);
    sodium_memzero(der, sizeof der);
    buf_fini(&text);
    return ok || complain("--key", "it is no Ed25519 private key (openssl genpkey -algorithm "
                                   "ed25519 makes one)");
}

static bool write_signature(const char *file, const uint8_t signature[crypto_sign_BYTES])
{
    char path[4096], text[TEXT_MAX];
    (void)sodium_bin2base64(text, sizeof text, signature, crypto_sign_BYTES,
                            sodium_base64_VARIANT_ORIGINAL);
    if ((size_t)snprintf(path, sizeof path, "%s.sig", file) >= sizeof path)
        return complain(file, "its name is too long");
    FILE *f = fopen(path, "w");
    bool ok = f && fprintf(f, "%s\n", text) > 0;
    if (f && fclose(f) != 0)
        ok = false;
    return ok || complain(path, "it cannot be written");
}

int cmd_catalogue_sign(struct app *app, int argc, char *const *argv)
{
    const char *key = NULL, *file = NULL;
    uint8_t seed[crypto_sign_SEEDBYTES], public[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret[crypto_sign_SECRETKEYBYTES], signature[crypto_sign_BYTES];
    char err[512], text[TEXT_MAX];
    struct buf content;
    const struct arg table[] = {
        {.name = NULL, .what = "FILE", .value = &file, .required = true},
        {.name = "--key", .value = &key, .required = true},
    };
    (void)app;
    if (!args_parse(argc, argv, table, ARRAY_LEN(table)))
        return 2;
    if (!read_seed(key, seed))
        return 1;
    bool ok = import_read_file(file, &content, err) || complain(file, err);
    (void)crypto_sign_seed_keypair(public, secret, seed);
    if (ok) {
        (void)crypto_sign_detached(signature, NULL, (const uint8_t *)content.p, content.len,
                                   secret);
        ok = write_signature(file, signature);
    }
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(secret, sizeof secret);
    buf_fini(&content);
    (void)sodium_bin2base64(text, sizeof text, public, sizeof public,
                            sodium_base64_VARIANT_ORIGINAL);
    if (ok)
        (void)printf("%s\n", text);
    return ok ? 0 : 1;
}
