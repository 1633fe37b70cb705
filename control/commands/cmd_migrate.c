/* `doteb-control migrate`: brings the schema up to date, makes the partitions that the request log
 * needs first and loads the shipped catalogue if it changed. Safe to repeat and to run twice at
 * once.
 */
#include <stdio.h>

#include "control/args.h"
#include "control/catalogue/import.h"
#include "control/commands/commands.h"
#include "control/migrate.h"
#include "control/store/housekeeping_store.h"

static bool load_catalogue(struct app *app, struct pg *pg)
{
    char err[512];
    struct buf out;
    buf_init(&out, 1 << 20);
    bool ok = import_directory(pg, app->opt.catalogue_dir, &out, err);
    if (out.len)
        (void)fwrite(out.p, 1, out.len, stdout);
    if (!ok)
        (void)fprintf(stderr, "doteb-control: catalogue (DOTEB_CATALOGUE_DIR): %s\n", err);
    buf_fini(&out);
    return ok;
}

static bool migrate(struct app *app, struct pg *pg)
{
    char err[512];
    int applied;
    if (!migrate_run(pg, migrations_known, migrations_known_len, MIGRATE_TRIES, &applied, err)) {
        (void)fprintf(stderr, "doteb-control: %s\n", err);
        return false;
    }
    (void)printf("schema: %d of %zu migrations applied now\n", applied, migrations_known_len);
    if (housekeeping_store_partitions(pg) != PG_OK) {
        (void)fprintf(stderr, "doteb-control: partitions: %s\n", pg_error(pg));
        return false;
    }
    if (!load_catalogue(app, pg))
        return false;
    /* Without a master key the schema alone is made; the first verb that needs the pepper adds it.
     */
    if (*app->opt.master_key)
        return app_open_master(app) && app_open_pepper(app, pg);
    return true;
}

int cmd_migrate(struct app *app, int argc, char *const *argv)
{
    if (!args_parse(argc, argv, NULL, 0))
        return 2;
    struct pg *pg = app_connect(app, 0);
    bool ok = pg && migrate(app, pg);
    pg_close(pg);
    return ok ? 0 : 1;
}
