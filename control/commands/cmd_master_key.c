/* `doteb-control master-key rotate`: seals under the first key of DOTEB_MASTER_KEY what another key
 * of it sealed, a hundred rows a transaction. What is done stays done, so it can be interrupted and
 * run again; daemons that have both keys go on meanwhile.
 */
#include <sodium.h>
#include <stdio.h>

#include "common/mem.h"
#include "control/args.h"
#include "control/commands/cli_audit.h"
#include "control/commands/commands.h"
#include "control/store/organisation_store.h"
#include "control/store/reseal_store.h"

struct rotation {
    const struct app *app;
    struct pg *pg;
    uint8_t id[CRYPTO_MASTER_ID_BYTES];
    size_t done, closed; /* rows re-sealed, and those that none of the keys opens */
};

static enum pg_err reseal(struct rotation *r, const struct sealed_kind *kind,
                          const struct pg_result *rows, size_t row)
{
    struct uuid id = pg_uuid(rows, row, 0);
    struct crypto_aad aad = kind->aad(id);
    size_t max = pg_str(rows, row, 1).len; /* as text: more than its bytes */
    uint8_t *sealed = xmalloc(max + 1);
    ptrdiff_t len = pg_bytes(rows, row, 1, sealed, max);
    struct str blob = str_make((const char *)sealed, len < 0 ? 0 : (size_t)len);
    struct secret *plain = master_open(r->app->master, blob, str_make(aad.p, aad.len));
    enum pg_err e = PG_OK;
    if (plain) {
        master_seal(r->app->master, secret_view(plain), str_make(aad.p, aad.len), sealed);
        e = reseal_store_put(r->pg, kind, id, blob);
        r->done++;
    } else {
        r->closed++;
    }
    secret_free(plain);
    xfree(sealed);
    return e;
}

/* The rows after `*after`, which is moved; `*n` is how many there were. */
static enum pg_err batch(struct rotation *r, const struct sealed_kind *kind, struct uuid *after,
                         bool first, size_t *n)
{
    struct pg_result *rows = NULL;
    *n = 0;
    enum pg_err e = pg_begin(r->pg);
    if (e == PG_OK)
        e = reseal_store_batch(r->pg, kind, r->id, first ? NULL : after, &rows);
    if (e == PG_OK)
        *n = pg_rows(rows);
    for (size_t i = 0; e == PG_OK && i < *n; i++)
        e = reseal(r, kind, rows, i);
    if (e == PG_OK)
        e = pg_commit(r->pg);
    if (e != PG_OK)
        pg_rollback(r->pg);
    else if (*n)
        *after = pg_uuid(rows, *n - 1, 0);
    pg_result_free(rows);
    return e;
}

static enum pg_err rotate_kind(struct rotation *r, const struct sealed_kind *kind)
{
    struct uuid after = {.b = {0}};
    size_t n, before = r->done, closed = r->closed;
    enum pg_err e;
    bool first = true;
    do {
        e = batch(r, kind, &after, first, &n);
        first = false;
    } while (e == PG_OK && n == RESEAL_BATCH);
    (void)printf("%s: %zu re-sealed", kind->what, r->done - before);
    if (r->closed > closed)
        (void)printf(", %zu that none of the keys opens", r->closed - closed);
    (void)printf("\n");
    (void)fflush(stdout);
    return e;
}

/* A change of the instance: the row goes to the operator's organisation, if there is one yet. */
static enum pg_err audit(struct rotation *r)
{
    bool found;
    char after[64];
    (void)snprintf(after, sizeof after, "{\"resealed\":%zu}", r->done);
    struct cli_change change = {.action = "master_key.rotate", .after = str_of(after)};
    enum pg_err e = organisation_store_operator(r->pg, &change.organisation, &found);
    return e == PG_OK && found ? cli_audit(r->pg, &change) : e;
}

static bool rotate(struct rotation *r)
{
    char id[2 * CRYPTO_MASTER_ID_BYTES + 1];
    enum pg_err e = PG_OK;
    master_keys_id(r->app->master, r->id);
    (void)sodium_bin2hex(id, sizeof id, r->id, sizeof r->id);
    for (size_t i = 0; e == PG_OK && i < sealed_kinds_len; i++)
        e = rotate_kind(r, &sealed_kinds[i]);
    if (e == PG_OK && r->done)
        e = audit(r);
    if (e != PG_OK) {
        (void)fprintf(stderr, "doteb-control: %s; what was done stays, run it again\n",
                      pg_error(r->pg));
        return false;
    }
    if (r->closed) {
        (void)fprintf(stderr,
                      "doteb-control: %zu blobs were sealed by a key that is not in "
                      "DOTEB_MASTER_KEY; add it behind the first one and run this again\n",
                      r->closed);
        return false;
    }
    (void)printf("everything is sealed by the first master key (%s); once every control daemon "
                 "runs with it as the first, the others may be removed\n",
                 id);
    return true;
}

int cmd_master_key_rotate(struct app *app, int argc, char *const *argv)
{
    struct rotation r = {.app = app};
    if (!args_parse(argc, argv, NULL, 0))
        return 2;
    if (!app_open_master(app))
        return 1;
    r.pg = app_connect_migrated(app);
    bool ok = r.pg && rotate(&r);
    pg_close(r.pg);
    return ok ? 0 : 1;
}
