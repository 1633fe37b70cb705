/* WebAuthn by libfido2, which alone reads the CBOR and checks the signatures. Job threads; keeps
 * nothing, and opens no device.
 */
#include "control/webauthn.h"

#include <arpa/inet.h>
#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { FLAG_USER_PRESENT = 1, RP_HASH = 32 };

static const unsigned char *bytes(struct str s)
{
    return (const unsigned char *)s.p;
}

enum webauthn_site webauthn_site(struct str origin, struct str *rp_id)
{
    char text[256];
    struct in_addr v4;
    bool https = str_starts(origin, STR("https://"));
    size_t scheme = https ? 8 : 7;
    ASSERT(origin.len >= scheme);
    struct str host = str_make(origin.p + scheme, origin.len - scheme);
    *rp_id = str_cut(&host, ':');
    if (!https && !str_eq(*rp_id, STR("localhost")) && !str_ends(*rp_id, STR(".localhost")))
        return WEBAUTHN_SITE_INSECURE;
    (void)snprintf(text, sizeof text, STR_FMT, STR_ARG(*rp_id));
    if (!rp_id->len || rp_id->len >= sizeof text || text[0] == '[' ||
        inet_pton(AF_INET, text, &v4) == 1)
        return WEBAUTHN_SITE_ADDRESS;
    return WEBAUTHN_SITE_OK;
}

static struct str member(const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);
    return json_is_string(v) ? str_make(json_string_value(v), json_string_length(v)) : STR_NULL;
}

bool webauthn_client(struct str json, enum webauthn_ceremony ceremony, struct str origin,
                     char challenge[WEBAUTHN_CHALLENGE + 1])
{
    json_error_t why;
    struct str type = ceremony == WEBAUTHN_CREATE ? STR("webauthn.create") : STR("webauthn.get");
    json_t *data = json_loadb(json.p, json.len, JSON_REJECT_DUPLICATES, &why);
    struct str given = member(data, "challenge");
    bool ok = str_eq(member(data, "type"), type) && str_eq(member(data, "origin"), origin) &&
              !json_is_true(json_object_get(data, "crossOrigin"));
    bool asks = given.len == WEBAUTHN_CHALLENGE;
    (void)snprintf(challenge, WEBAUTHN_CHALLENGE + 1, STR_FMT, STR_ARG(asks ? given : STR("")));
    json_decref(data);
    return ok && asks;
}

/* The library wants to know which kind of key comes: tries each that was offered. */
static bool read_created(fido_cred_t *cred, const char *rp_id, struct str auth_data, int algorithm)
{
    return fido_cred_set_type(cred, algorithm) == FIDO_OK &&
           fido_cred_set_rp(cred, rp_id, NULL) == FIDO_OK &&
           fido_cred_set_authdata_raw(cred, bytes(auth_data), auth_data.len) == FIDO_OK;
}

static bool copy_created(const fido_cred_t *cred, struct webauthn_credential *out)
{
    out->id_len = fido_cred_id_len(cred);
    out->key_len = fido_cred_pubkey_len(cred);
    if (!out->id_len || out->id_len > sizeof out->id || !out->key_len ||
        out->key_len > sizeof out->key)
        return false;
    memcpy(out->id, fido_cred_id_ptr(cred), out->id_len);
    memcpy(out->key, fido_cred_pubkey_ptr(cred), out->key_len);
    out->algorithm = fido_cred_type(cred);
    out->count = fido_cred_sigcount(cred);
    return (fido_cred_flags(cred) & FLAG_USER_PRESENT) != 0;
}

/* Without attestation there is no signature to check; what is left of fido_cred_verify is whom the
 * key is for. */
static bool made_for(const char *rp_id, struct str auth_data)
{
    uint8_t hash[RP_HASH];
    (void)crypto_hash_sha256(hash, (const uint8_t *)rp_id, strlen(rp_id));
    return auth_data.len > RP_HASH && memcmp(auth_data.p, hash, RP_HASH) == 0;
}

bool webauthn_created(const char *rp_id, struct str auth_data, struct webauthn_credential *out)
{
    static const int algorithms[] = {COSE_ES256, COSE_EDDSA, COSE_RS256};
    bool ok = false;
    *out = (struct webauthn_credential){0};
    if (!made_for(rp_id, auth_data))
        return false;
    fido_init(0);
    for (size_t i = 0; i < ARRAY_LEN(algorithms) && !ok; i++) {
        fido_cred_t *cred = fido_cred_new();
        ok = cred && read_created(cred, rp_id, auth_data, algorithms[i]) && copy_created(cred, out);
        fido_cred_free(&cred);
    }
    return ok;
}

static bool verify(const fido_assert_t *a, const struct webauthn_credential *c)
{
    es256_pk_t *es256 = NULL;
    rs256_pk_t *rs256 = NULL;
    eddsa_pk_t *eddsa = NULL;
    int e = FIDO_ERR_INTERNAL;
    if (c->algorithm == COSE_ES256 && (es256 = es256_pk_new()) &&
        es256_pk_from_ptr(es256, c->key, c->key_len) == FIDO_OK)
        e = fido_assert_verify(a, 0, COSE_ES256, es256);
    if (c->algorithm == COSE_RS256 && (rs256 = rs256_pk_new()) &&
        rs256_pk_from_ptr(rs256, c->key, c->key_len) == FIDO_OK)
        e = fido_assert_verify(a, 0, COSE_RS256, rs256);
    if (c->algorithm == COSE_EDDSA && (eddsa = eddsa_pk_new()) &&
        eddsa_pk_from_ptr(eddsa, c->key, c->key_len) == FIDO_OK)
        e = fido_assert_verify(a, 0, COSE_EDDSA, eddsa);
    es256_pk_free(&es256);
    rs256_pk_free(&rs256);
    eddsa_pk_free(&eddsa);
    return e == FIDO_OK;
}

bool webauthn_signed(const char *rp_id, const struct webauthn_credential *credential,
                     const struct webauthn_assertion *a, uint32_t *count)
{
    fido_init(0);
    fido_assert_t *f = fido_assert_new();
    bool ok = f && fido_assert_set_rp(f, rp_id) == FIDO_OK &&
              fido_assert_set_count(f, 1) == FIDO_OK &&
              fido_assert_set_clientdata(f, bytes(a->client_data), a->client_data.len) == FIDO_OK &&
              fido_assert_set_authdata_raw(f, 0, bytes(a->auth_data), a->auth_data.len) ==
                  FIDO_OK &&
              fido_assert_set_sig(f, 0, bytes(a->signature), a->signature.len) == FIDO_OK &&
              fido_assert_set_up(f, FIDO_OPT_TRUE) == FIDO_OK &&
              fido_assert_set_uv(f, a->verified_user ? FIDO_OPT_TRUE : FIDO_OPT_OMIT) == FIDO_OK &&
              verify(f, credential);
    *count = ok ? fido_assert_sigcount(f, 0) : 0;
    fido_assert_free(&f);
    return ok;
}
