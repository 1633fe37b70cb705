/* `doteb-control key create`: an API key from the command line, owned by the organisation's first
 * owner. Prints the key, alone, on stdout; it cannot be shown again.
 */
#include <sodium.h>
#include <stdio.h>

#include "common/clock.h"
#include "control/args.h"
#include "control/commands/cli_audit.h"
#include "control/commands/commands.h"
#include "control/store/api_key_store.h"
#include "control/store/member_store.h"
#include "control/store/organisation_store.h"
#include "control/store/project_store.h"

struct key_args {
    const char *project, *name, *organisation;
};

static bool complain(const char *what, const char *text)
{
    (void)fprintf(stderr, "doteb-control: %s%s\n", what, text);
    return false;
}

/* Fills the ids of `k` from names. */
static bool look_up(struct pg *pg, const struct key_args *a, struct api_key_new *k)
{
    size_t n;
    bool found;
    if (organisation_store_by_name(pg, a->organisation, &k->organisation, &n) != PG_OK)
        return complain("", pg_error(pg));
    if (n != 1)
        return complain(n ? "--organisation: there are several of that name"
                          : "--organisation: there is no such organisation",
                        n || a->organisation ? "" : "; run `doteb-control admin create` first");
    if (project_store_by_name(pg, k->organisation, a->project, &k->project, &found) != PG_OK)
        return complain("", pg_error(pg));
    if (!found)
        return complain("--project: there is no project ", a->project);
    if (member_store_first_owner(pg, k->organisation, &k->owner, &found) != PG_OK)
        return complain("", pg_error(pg));
    return found || complain("the organisation has no owner", "");
}

/* The key and its row in the audit log. */
static enum pg_err add(struct pg *pg, const struct api_key_new *k)
{
    const struct cli_change change = {.organisation = k->organisation,
                                      .action = "api_key.create",
                                      .project = &k->project,
                                      .target = &k->id,
                                      .get = api_key_store_get};
    enum pg_err e = pg_begin(pg);
    if (e == PG_OK)
        e = api_key_store_add(pg, k);
    if (e == PG_OK)
        e = cli_audit(pg, &change);
    if (e == PG_OK)
        e = pg_commit(pg);
    if (e != PG_OK)
        pg_rollback(pg);
    return e;
}

static bool create(struct app *app, struct pg *pg, const struct key_args *a)
{
    char text[APIKEY_TEXT_LEN + 1], last4[5];
    struct api_key_new k = {.id = uuid_v7(clock_wall_us()), .name = str_of(a->name)};
    if (!look_up(pg, a, &k))
        return false;
    apikey_generate(text);
    apikey_last4(str_of(text), last4);
    k.hash = apikey_hash(app->pepper, str_of(text));
    k.last4 = last4;
    bool ok = add(pg, &k) == PG_OK || complain("", pg_error(pg));
    if (ok)
        ok = printf("%s\n", text) > 0 && fflush(stdout) == 0;
    sodium_memzero(text, sizeof text);
    return ok;
}

int cmd_key_create(struct app *app, int argc, char *const *argv)
{
    struct key_args a = {0};
    const struct arg table[] = {
        {.name = "--project", .value = &a.project, .required = true},
        {.name = "--name", .value = &a.name, .required = true},
        {.name = "--organisation", .value = &a.organisation},
    };
    if (!args_parse(argc, argv, table, ARRAY_LEN(table)))
        return 2;
    if (!str_is_utf8(str_of(a.name)) || str_of(a.name).len > 400) {
        (void)complain("--name: give at most 100 characters, in UTF-8", "");
        return 2;
    }
    if (!app_open_master(app))
        return 1;
    struct pg *pg = app_connect_migrated(app);
    bool ok = pg && app_open_pepper(app, pg) && create(app, pg, &a);
    pg_close(pg);
    return ok ? 0 : 1;
}
