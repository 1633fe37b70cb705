/* Start-up of every verb: configuration, libsodium, master keys, pepper, first connection. Main
 * thread. Messages go to stderr for a person; secrets never do.
 */
#include "control/app.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "control/migrate.h"
#include "control/store/instance_store.h"

enum { PEPPER_BYTES = 32 };

static bool complain(const char *text)
{
    (void)fprintf(stderr, "doteb-control: %s\n", text);
    return false;
}

/* Scheme and host of a URL, without its path. */
static struct str origin_of(const char *text)
{
    struct str url = str_of(text);
    size_t scheme = strlen(str_starts(url, STR("https://")) ? "https://" : "http://");
    ptrdiff_t slash = str_find(str_make(url.p + scheme, url.len - scheme), '/');
    return str_make(url.p, slash < 0 ? url.len : scheme + (size_t)slash);
}

/* A page of ours reaches control, and the gateway for its playground. */
static void set_origin(struct app *app)
{
    struct str own = origin_of(app->opt.public_url), gateway = origin_of(app->opt.gateway_url);
    app->https = str_starts(own, STR("https://"));
    (void)snprintf(app->origin, sizeof app->origin, STR_FMT, STR_ARG(own));
    (void)snprintf(app->policy, sizeof app->policy,
                   "default-src 'self'; img-src 'self' data:; connect-src 'self' %.*s; "
                   "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
                   str_eq(own, gateway) ? 0 : (int)gateway.len, gateway.p);
}

bool app_init(struct app *app)
{
    char err[512];
    *app = (struct app){0};
    json_set_alloc_funcs(xmalloc, xfree);
    if (!crypto_init())
        return complain("libsodium cannot start");
    if (!options_load(&app->opt, err))
        return complain(err);
    set_origin(app);
    bool proxies = address_nets_parse(&app->proxies, str_of(app->opt.trusted_proxies));
    bool guard = guard_parse(&app->guard, str_of(app->opt.upstream_allow));
    ASSERT(proxies && guard); /* the options were checked */
    app->tenant_guard = app->guard;
    app->tenant_guard.allow_private |= app->opt.base_url_override_private;
    return true;
}

void app_fini(struct app *app)
{
    secret_free(app->pepper);
    master_keys_free(app->master);
    options_free(&app->opt);
}

bool app_open_master(struct app *app)
{
    char err[128];
    if (!app->opt.master_key || !*app->opt.master_key)
        return complain(
            "DOTEB_MASTER_KEY is not set. Make one with `openssl rand -hex 32` and keep "
            "it: what it seals cannot be opened without it");
    app->master = master_keys_parse(str_of(app->opt.master_key), err);
    if (app->master)
        return true;
    (void)fprintf(stderr, "doteb-control: DOTEB_MASTER_KEY: %s\n", err);
    return false;
}

static bool make_pepper(struct app *app, struct pg *pg)
{
    uint8_t pepper[PEPPER_BYTES], sealed[PEPPER_BYTES + CRYPTO_SEAL_OVERHEAD];
    struct crypto_aad aad = aad_pepper();
    randombytes_buf(pepper, sizeof pepper);
    master_seal(app->master, str_make((const char *)pepper, sizeof pepper),
                str_make(aad.p, aad.len), sealed);
    sodium_memzero(pepper, sizeof pepper);
    return instance_store_add(pg, str_make((const char *)sealed, sizeof sealed)) == PG_OK;
}

bool app_open_pepper(struct app *app, struct pg *pg)
{
    uint8_t sealed[256];
    size_t len = 0;
    struct crypto_aad aad = aad_pepper();
    enum pg_err e = instance_store_pepper(pg, sealed, sizeof sealed, &len);
    if (e == PG_OK && len == 0) { /* the one of two racers whose row stands wins for both */
        if (!make_pepper(app, pg))
            return complain(pg_error(pg));
        e = instance_store_pepper(pg, sealed, sizeof sealed, &len);
    }
    if (e != PG_OK)
        return complain(pg_error(pg));
    app->pepper = master_open(app->master, str_make((const char *)sealed, len),
                              str_make(aad.p, aad.len));
    return app->pepper ||
           complain("DOTEB_MASTER_KEY does not open this database: it was set up with another "
                    "master key");
}

struct pg *app_connect(const struct app *app, int timeout_ms)
{
    char err[256];
    struct pg *pg = pg_connect(app->opt.database_url, "doteb-control", timeout_ms, err);
    if (!pg)
        (void)fprintf(stderr, "doteb-control: cannot connect to PostgreSQL: %s\n", err);
    return pg;
}

struct pg *app_connect_migrated(const struct app *app)
{
    char err[512];
    struct pg *pg = app_connect(app, 60 * 1000);
    if (!pg || migrate_check(pg, migrations_known, migrations_known_len, err))
        return pg;
    (void)complain(err);
    pg_close(pg);
    return NULL;
}
