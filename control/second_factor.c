/* Checks and makes second factors. Job threads. A secret is open only meanwhile; a code is never
 * logged, and of a recovery code only the hash is kept.
 */
#include "control/second_factor.h"

#include <sodium.h>

#include "common/clock.h"
#include "common/log.h"
#include "control/account.h"
#include "control/store/second_factor_store.h"
#include "control/totp.h"

/* 80 random bits each: 16 letters, shown in four groups. */
enum { RECOVERY_BYTES = 10, RECOVERY_TEXT = 16 };

static bool wrong_code(struct call *c)
{
    reply_problem(&c->reply, P_WRONG_CODE, "code",
                  "code: it is wrong, too old, or was used already.");
    return false;
}

static void recovery_hash(struct uuid user, struct str code, uint8_t out[32])
{
    crypto_hash_sha256_state s;
    (void)crypto_hash_sha256_init(&s);
    (void)crypto_hash_sha256_update(&s, user.b, sizeof user.b);
    (void)crypto_hash_sha256_update(&s, (const uint8_t *)code.p, code.len);
    (void)crypto_hash_sha256_final(&s, out);
}

static enum pg_err check_recovery(struct call *c, struct uuid user, struct str code, bool *right)
{
    char plain[RECOVERY_TEXT];
    uint8_t hash[32];
    size_t n = 0;
    *right = false;
    for (size_t i = 0; i < code.len; i++) {
        char l = code.p[i];
        if (l == '-' || l == ' ')
            continue;
        if (n == sizeof plain)
            return PG_OK;
        plain[n++] = (char)(l >= 'a' && l <= 'z' ? l - 'a' + 'A' : l);
    }
    if (n < sizeof plain)
        return PG_OK;
    recovery_hash(user, str_make(plain, n), hash);
    return recovery_store_take(c->pg, user, hash, right);
}

static enum pg_err check_app(struct call *c, struct uuid user, const struct second_factor_row *row,
                             struct str code, bool *right)
{
    struct crypto_aad aad = aad_second_factor(user);
    struct secret *secret = master_open(
        c->app->master, str_make((const char *)row->sealed, row->len), str_make(aad.p, aad.len));
    *right = false;
    if (!secret) {
        log_event(LOG_ERROR, "second_factor_does_not_open", LOG_ID("user", user));
        return PG_INVALID;
    }
    int64_t step = totp_find(secret_view(secret), code, clock_wall_us());
    secret_free(secret);
    return step < 0 ? PG_OK : second_factor_store_step(c->pg, user, step, right);
}

bool second_factor_check(struct call *c, struct uuid user, bool confirmed, struct str code)
{
    char id[UUID_TEXT_LEN + 1];
    struct second_factor_row row;
    bool right = false;
    uuid_format(user, id);
    if (!account_take_guess(c, GUESS_CODE, str_of(id)))
        return false;
    enum pg_err e = second_factor_store_get(c->pg, user, &row);
    if (e == PG_OK && row.found && row.confirmed == confirmed) {
        if (code.len == TOTP_DIGITS)
            e = check_app(c, user, &row, code, &right);
        else if (confirmed)
            e = check_recovery(c, user, code, &right);
    }
    if (e != PG_OK)
        return call_failed(c, e);
    if (!right)
        return wrong_code(c);
    guess_right(c->guesses, GUESS_CODE, str_of(id), c->req.client_ip);
    return true;
}

bool second_factor_begin(struct call *c, struct str email)
{
    uint8_t secret[TOTP_SECRET_BYTES], sealed[TOTP_SECRET_BYTES + CRYPTO_SEAL_OVERHEAD];
    struct crypto_aad aad = aad_second_factor(c->session.user);
    bool done;
    randombytes_buf(secret, sizeof secret);
    struct str plain = str_make((const char *)secret, sizeof secret);
    master_seal(c->app->master, plain, str_make(aad.p, aad.len), sealed);
    enum pg_err e = second_factor_store_begin(c->pg, c->session.user,
                                              str_make((const char *)sealed, sizeof sealed), &done);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!done) {
        reply_problem(&c->reply, P_CONFLICT, NULL,
                      "Two-step sign-in is on already; turn it off first.");
        return false;
    }
    struct buf uri, *out = call_json(c, 200);
    buf_init(&uri, 4096);
    totp_uri(plain, email, &uri);
    (void)buf_add_lit(out, "{\"secret\":\"");
    totp_base32(plain, out);
    (void)buf_add_lit(out, "\",\"uri\":");
    (void)buf_add_json(out, buf_str(&uri));
    (void)buf_add_lit(out, "}\n");
    sodium_memzero(uri.p, uri.len);
    buf_fini(&uri);
    sodium_memzero(secret, sizeof secret);
    return true;
}

/* One code: its hash is stored, its text written. */
static enum pg_err add_code(struct call *c, struct buf *out)
{
    uint8_t bytes[RECOVERY_BYTES], hash[32];
    struct buf text;
    randombytes_buf(bytes, sizeof bytes);
    buf_init(&text, RECOVERY_TEXT);
    totp_base32(str_make((const char *)bytes, sizeof bytes), &text);
    recovery_hash(c->session.user, buf_str(&text), hash);
    for (size_t i = 0; i < text.len; i += 4)
        (void)buf_printf(out, "%s%.4s", i ? "-" : "", text.p + i);
    sodium_memzero(text.p, text.len);
    sodium_memzero(bytes, sizeof bytes);
    buf_fini(&text);
    return recovery_store_add(c->pg, c->session.user, hash);
}

bool second_factor_new_codes(struct call *c)
{
    enum pg_err e = recovery_store_clear(c->pg, c->session.user);
    struct buf *out = call_json(c, 200);
    (void)buf_add_lit(out, "{\"recovery_codes\":[");
    for (int i = 0; i < RECOVERY_CODES && e == PG_OK; i++) {
        (void)buf_add_str(out, i ? STR(",\"") : STR("\""));
        e = add_code(c, out);
        (void)buf_add_char(out, '"');
    }
    (void)buf_add_lit(out, "]}\n");
    return e == PG_OK || call_failed(c, e);
}
