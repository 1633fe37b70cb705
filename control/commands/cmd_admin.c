/* `doteb-control admin create`: a user who operates this instance, the operator's organisation with
 * a project "Default" if there is none yet. One transaction.
 */
#include <sodium.h>
#include <stdio.h>

#include "common/clock.h"
#include "control/args.h"
#include "control/commands/cli_audit.h"
#include "control/commands/commands.h"
#include "control/mail.h"
#include "control/organisation.h"
#include "control/store/member_store.h"
#include "control/store/organisation_store.h"
#include "control/store/user_store.h"

struct admin_args {
    const char *email, *name, *organisation;
    bool password_stdin, if_missing;
    char password[PASSWORD_MAX + 2];
    char hash[PASSWORD_HASH_BYTES];
};

static enum pg_err audit(struct pg *pg, struct uuid organisation, const struct user_new *u)
{
    struct buf after;
    buf_init(&after, 4096);
    (void)buf_add_lit(&after, "{\"email\":");
    (void)buf_add_json(&after, u->email);
    (void)buf_add_lit(&after, ",\"name\":");
    (void)buf_add_json(&after, u->name);
    (void)buf_add_lit(&after, ",\"is_operator\":true,\"role\":\"owner\"}");
    const struct cli_change change = {.organisation = organisation,
                                      .action = "admin.create",
                                      .target = &u->id,
                                      .after = buf_str(&after)};
    enum pg_err e = cli_audit(pg, &change);
    buf_fini(&after);
    return e;
}

static enum pg_err add_all(struct app *app, struct pg *pg, const struct admin_args *a)
{
    struct uuid organisation;
    bool found;
    const struct user_new u = {
        .id = uuid_v7(clock_wall_us()),
        .email = str_of(a->email),
        .name = str_of(a->name ? a->name : ""),
        .password_hash = a->hash,
        .is_operator = true,
    };
    enum pg_err e = pg_begin(pg);
    if (e == PG_OK)
        e = user_store_add(pg, &u);
    if (e == PG_OK)
        e = organisation_store_operator(pg, &organisation, &found);
    if (e == PG_OK && !found)
        e = organisation_make(app, pg, str_of(a->organisation ? a->organisation : "Operator"), true,
                              &organisation);
    if (e == PG_OK)
        e = member_store_add(pg, organisation, u.id, ROLE_OWNER);
    if (e == PG_OK)
        e = audit(pg, organisation, &u);
    if (e == PG_OK)
        e = pg_commit(pg);
    if (e != PG_OK)
        pg_rollback(pg);
    return e;
}

static bool take_password(struct admin_args *a)
{
    if (!a->password_stdin)
        password_make(a->password);
    else if (!args_read_line("the password", a->password, sizeof a->password))
        return false;
    struct str p = str_of(a->password);
    const char *fault = password_fault(p);
    if (!fault)
        return password_hash(p, a->hash);
    (void)fprintf(stderr, "doteb-control: the password: %s\n", fault);
    return false;
}

static int create(struct app *app, struct pg *pg, struct admin_args *a)
{
    struct user_login known;
    enum pg_err e = user_store_login(pg, str_of(a->email), &known);
    if (e == PG_OK && !known.found) {
        if (!take_password(a))
            return 1;
        e = add_all(app, pg, a);
    }
    if (e == PG_CONFLICT || (e == PG_OK && known.found)) {
        (void)fprintf(stderr, "doteb-control: there is a user %s already\n", a->email);
        return a->if_missing ? 0 : 1;
    }
    if (e != PG_OK) {
        (void)fprintf(stderr, "doteb-control: %s\n", pg_error(pg));
        return 1;
    }
    (void)fprintf(stderr, "doteb-control: made the operator account %s\n", a->email);
    if (!a->password_stdin)
        (void)printf("%s\n", a->password);
    return 0;
}

int cmd_admin_create(struct app *app, int argc, char *const *argv)
{
    struct admin_args a = {0};
    const struct arg table[] = {
        {.name = "--email", .value = &a.email, .required = true},
        {.name = "--name", .value = &a.name},
        {.name = "--organisation", .value = &a.organisation},
        {.name = "--password-stdin", .flag = &a.password_stdin},
        {.name = "--if-missing", .flag = &a.if_missing},
    };
    if (!args_parse(argc, argv, table, ARRAY_LEN(table)))
        return 2;
    if (!mail_is_address(str_of(a.email))) {
        (void)fprintf(stderr, "doteb-control: --email: give an e-mail address\n");
        return 2;
    }
    if (!app_open_master(app))
        return 1;
    struct pg *pg = app_connect_migrated(app);
    int code = pg && app_open_pepper(app, pg) ? create(app, pg, &a) : 1;
    pg_close(pg);
    sodium_memzero(a.password, sizeof a.password);
    return code;
}
