/* Passkeys: WebAuthn's two ceremonies over the database. Job threads. Which pages may use them is
 * DOTEB_PUBLIC_URL's to say, never what a request calls this host. What a stranger is asked is not
 * kept before it is answered (challenge.h); of what somebody is asked, the hash is. Any answer uses
 * it up, a wrong one, too. Whatever is wrong with an answer, the refusal is the same: it tells
 * nobody which passkeys there are.
 */
#include "control/passkey.h"

#include <sodium.h>
#include <string.h>

#include "common/clock.h"
#include "control/account.h"
#include "control/challenge.h"
#include "control/session.h"
#include "control/token.h"

static_assert((int)WEBAUTHN_CHALLENGE == (int)TOKEN_TEXT_LEN, "a challenge is a token");
enum { TIMEOUT_MS = CHALLENGE_S * 1000, BASE64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

static enum webauthn_site site_of(const struct app *app, struct str *rp_id)
{
    return webauthn_site(str_of(app->origin), rp_id);
}

const char *passkey_state(const struct app *app)
{
    static const char *const words[] = {
        [WEBAUTHN_SITE_OK] = "available",
        [WEBAUTHN_SITE_INSECURE] = "insecure",
        [WEBAUTHN_SITE_ADDRESS] = "ip_address",
    };
    struct str rp_id;
    return words[site_of(app, &rp_id)];
}

bool passkey_possible(struct call *c)
{
    struct str rp_id;
    enum webauthn_site site = site_of(c->app, &rp_id);
    if (site != WEBAUTHN_SITE_OK)
        reply_problem(&c->reply, P_NO_PASSKEYS, NULL,
                      site == WEBAUTHN_SITE_INSECURE
                          ? "Passkeys need https, or localhost (DOTEB_PUBLIC_URL is %s)."
                          : "Passkeys need a host name in place of the address (DOTEB_PUBLIC_URL "
                            "is %s).",
                      c->app->origin);
    return site == WEBAUTHN_SITE_OK;
}

/* The rp id as C text, in the call's arena. Only after passkey_possible. */
static const char *rp_id_of(const struct call *c)
{
    struct str rp_id;
    (void)site_of(c->app, &rp_id);
    return arena_strdup(c->arena, rp_id);
}

/* A challenge that is kept until `user` answers it. */
static enum pg_err ask_user(struct call *c, const char *purpose, struct uuid user, char *challenge)
{
    uint8_t hash[TOKEN_HASH_BYTES];
    token_make(challenge);
    token_hash(str_of(challenge), hash);
    return passkey_store_ask(c->pg, hash, purpose, user);
}

/* A new challenge, as the first field of the answer. `user` NULL: to whoever answers. */
static bool ask(struct call *c, const char *purpose, const struct uuid *user)
{
    char challenge[TOKEN_TEXT_LEN + 1];
    enum pg_err e = PG_OK;
    if (user)
        e = ask_user(c, purpose, *user, challenge);
    else
        challenge_make(c->app->pepper, clock_wall_us(), challenge);
    if (e != PG_OK)
        return call_failed(c, e);
    (void)buf_printf(call_json(c, 200), "{\"challenge\":\"%s\",\"timeout\":%d", challenge,
                     TIMEOUT_MS);
    return true;
}

static void write_creation(struct call *c, const struct pg_result *r)
{
    char handle[32];
    struct buf *out = &c->reply.body;
    struct uuid user = c->session.user;
    struct str email = pg_str(r, 0, 2), name = pg_str(r, 0, 3);
    (void)sodium_bin2base64(handle, sizeof handle, user.b, sizeof user.b, BASE64);
    (void)buf_printf(out,
                     ",\"rp\":{\"id\":\"%s\",\"name\":\"doteb\"},\"user\":{\"id\":\"%s\",\"name\":",
                     rp_id_of(c), handle);
    (void)buf_add_json(out, email);
    (void)buf_add_lit(out, ",\"displayName\":");
    (void)buf_add_json(out, name.len ? name : email);
    (void)buf_add_lit(out,
                      "},\"pubKeyCredParams\":[{\"type\":\"public-key\",\"alg\":-7},"
                      "{\"type\":\"public-key\",\"alg\":-8},{\"type\":\"public-key\",\"alg\":-257}"
                      "],\"attestation\":\"none\",\"authenticatorSelection\":{\"residentKey\":"
                      "\"preferred\",\"userVerification\":\"preferred\"},\"excludeCredentials\":");
    (void)buf_add_str(out, pg_str(r, 0, 0));
    (void)buf_add_lit(out, "}\n");
}

bool passkey_begin_add(struct call *c)
{
    struct pg_result *r = NULL;
    bool ok = false;
    enum pg_err e = passkey_store_descriptors(c->pg, c->session.user, &r);
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (pg_rows(r) == 0) /* deleted this instant */
        reply_problem(&c->reply, P_NOT_SIGNED_IN, NULL, "Sign in first.");
    else if (pg_i64(r, 0, 1) >= PASSKEYS_MAX)
        reply_problem(&c->reply, P_CONFLICT, NULL, "You have %d passkeys; remove some first.",
                      PASSKEYS_MAX);
    else if (ask(c, PASSKEY_ADD, &c->session.user)) {
        write_creation(c, r);
        ok = true;
    }
    pg_result_free(r);
    return ok;
}

bool passkey_begin_sign(struct call *c, const struct uuid *user)
{
    struct pg_result *r = NULL;
    int wait_s = guess_ask(c->guesses, c->req.client_ip, clock_mono_us());
    if (wait_s > 0)
        return account_wait(c, wait_s);
    enum pg_err e = user ? passkey_store_descriptors(c->pg, *user, &r) : PG_OK;
    if (e != PG_OK)
        return call_failed(c, e);
    bool ok = ask(c, user ? PASSKEY_SECOND_STEP : PASSKEY_SIGN_IN, user);
    if (ok) {
        struct buf *out = &c->reply.body;
        (void)buf_printf(out, ",\"rpId\":\"%s\",\"userVerification\":\"%s\",\"allowCredentials\":",
                         rp_id_of(c), user ? "preferred" : "required");
        (void)buf_add_str(out, r && pg_rows(r) > 0 ? pg_str(r, 0, 0) : STR("[]"));
        (void)buf_add_lit(out, "}\n");
    }
    pg_result_free(r);
    return ok;
}

static bool refuse(struct call *c)
{
    reply_problem(&c->reply, P_WRONG_PASSKEY, NULL,
                  "The passkey was not accepted, or it took more than five minutes; try again.");
    return false;
}

/* Bytes of a base64url text, in the call's arena; STR_NULL for what is none. */
static struct str decode(struct call *c, struct str text)
{
    size_t len = 0, max = text.len / 4 * 3 + 3;
    uint8_t *to = arena_alloc(c->arena, max);
    if (!text.p || sodium_base642bin(to, max, text.p, text.len, NULL, &len, NULL, BASE64) != 0)
        return STR_NULL;
    return str_make((const char *)to, len);
}

/* Uses up what the answer is to, if it was asked and not answered yet. */
static enum pg_err use_up(struct call *c, struct str challenge, struct passkey_asked *asked)
{
    uint8_t hash[TOKEN_HASH_BYTES];
    *asked = (struct passkey_asked){.purpose = PASSKEY_SIGN_IN};
    token_hash(challenge, hash);
    if (challenge_holds(c->app->pepper, challenge, clock_wall_us()))
        return passkey_store_spend(c->pg, hash, &asked->found);
    return passkey_store_take(c->pg, hash, asked);
}

/* The client data: is it of our pages, and what does it answer? */
static bool take(struct call *c, struct str client_data, enum webauthn_ceremony ceremony,
                 struct passkey_asked *asked)
{
    char challenge[WEBAUTHN_CHALLENGE + 1] = "";
    bool ours = client_data.p &&
                webauthn_client(client_data, ceremony, str_of(c->app->origin), challenge);
    if (!*challenge)
        return refuse(c);
    enum pg_err e = use_up(c, str_of(challenge), asked);
    if (e != PG_OK)
        return call_failed(c, e);
    return call_keep(c) && ((ours && asked->found) || refuse(c));
}

bool passkey_finish_add(struct call *c, const struct passkey_answer *a,
                        struct webauthn_credential *out)
{
    struct passkey_asked asked;
    struct str auth_data = decode(c, a->auth_data);
    if (!take(c, decode(c, a->client_data), WEBAUTHN_CREATE, &asked))
        return false;
    if (strcmp(asked.purpose, PASSKEY_ADD) != 0 || !uuid_eq(asked.user, c->session.user) ||
        !auth_data.p || !webauthn_created(rp_id_of(c), auth_data, out))
        return refuse(c);
    return true;
}

/* May this passkey answer that question here? Signing in needs the device to say whose it is; the
 * second step is for whose password was right, in the same browser. */
static bool fits(struct call *c, const struct passkey_asked *asked, const struct passkey_found *k,
                 struct str handle)
{
    bool owner = handle.len == sizeof k->user.b && memcmp(handle.p, k->user.b, handle.len) == 0;
    if (!k->found || (handle.len && !owner))
        return refuse(c);
    if (strcmp(asked->purpose, PASSKEY_SIGN_IN) == 0)
        return owner || refuse(c);
    if (strcmp(asked->purpose, PASSKEY_SECOND_STEP) != 0 || !uuid_eq(asked->user, k->user))
        return refuse(c);
    return session_open_half(c) && (uuid_eq(c->session.user, k->user) || refuse(c));
}

bool passkey_finish_sign(struct call *c, const struct passkey_answer *a, struct passkey_found *out)
{
    struct passkey_asked asked;
    struct str id = decode(c, a->id);
    struct webauthn_assertion s = {
        .auth_data = decode(c, a->auth_data),
        .client_data = decode(c, a->client_data),
        .signature = decode(c, a->signature),
    };
    uint32_t count;
    bool fresh;
    if (!account_take_guess(c, GUESS_PASSKEY, a->id) ||
        !take(c, s.client_data, WEBAUTHN_GET, &asked))
        return false;
    if (!id.p || !s.auth_data.p || !s.signature.p)
        return refuse(c);
    enum pg_err e = passkey_store_find(c->pg, id, out);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!fits(c, &asked, out, decode(c, a->user_handle)))
        return false;
    s.verified_user = strcmp(asked.purpose, PASSKEY_SIGN_IN) == 0;
    if (!webauthn_signed(rp_id_of(c), &out->credential, &s, &count))
        return refuse(c);
    e = passkey_store_use(c->pg, out->id, count, &fresh);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!fresh)
        return refuse(c);
    guess_right(c->guesses, GUESS_PASSKEY, a->id, c->req.client_ip);
    return true;
}
