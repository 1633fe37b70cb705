/* What all of control shares after start: configuration and opened master keys. Const once made. */
#ifndef DOTEB_CONTROL_APP_H
#define DOTEB_CONTROL_APP_H

#include "common/address.h"
#include "common/crypto.h"
#include "common/guard.h"
#include "common/pg.h"
#include "control/options.h"
#include "control/password.h"

struct app {
    struct options opt;
    struct master_keys *master;       /* NULL until app_open_master */
    struct secret *pepper;            /* NULL until app_open_pepper */
    char nobody[PASSWORD_HASH_BYTES]; /* serve only: what unknown users are verified against */
    struct address_nets proxies;      /* whose X-Forwarded-For is believed */
    struct guard guard;               /* where URLs that are fetched may lead (A9.5) */
    struct guard tenant_guard;        /* the same for organisations' own servers */
    bool https;                       /* of the public URL */
    char policy[1024];                /* Content-Security-Policy of every answer */
    char origin[512];                 /* of the public URL: "https://host:port" */
};

/* Loads the configuration and starts libsodium. False after a message on stderr. */
MUST_USE bool app_init(struct app *app);
void app_fini(struct app *app);
/* Reads DOTEB_MASTER_KEY. False after a message on stderr. */
MUST_USE bool app_open_master(struct app *app);
/* Opens the instance's pepper, which it makes and stores if there is none yet. Needs the master
 * keys. False after a message on stderr. */
MUST_USE bool app_open_pepper(struct app *app, struct pg *pg);
/* A connection of the command line, statement_timeout `timeout_ms` (0: none). Returns owned; NULL
 * after a message on stderr. */
struct pg *app_connect(const struct app *app, int timeout_ms);
/* The same, and the schema must be current. */
struct pg *app_connect_migrated(const struct app *app);

#endif
