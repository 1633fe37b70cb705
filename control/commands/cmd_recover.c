/* `doteb-control admin recover`: whoever runs the instance lets somebody in again who lost their
 * password, where no mail is sent, or their second factor. Their passkeys go, too. One transaction.
 */
#include <sodium.h>
#include <stdio.h>

#include "control/args.h"
#include "control/commands/cli_audit.h"
#include "control/commands/commands.h"
#include "control/store/organisation_store.h"
#include "control/store/passkey_store.h"
#include "control/store/second_factor_store.h"
#include "control/store/session_store.h"
#include "control/store/token_store.h"
#include "control/store/user_store.h"
#include "control/token.h"

enum { LINK_MINUTES = 60 };

struct recovery {
    const char *email;
    bool password_stdin;
    char password[PASSWORD_MAX + 2];
    char hash[PASSWORD_HASH_BYTES];
    char token[TOKEN_TEXT_LEN + 1];
};

static bool complain(const char *what, const char *text)
{
    (void)fprintf(stderr, "doteb-control: %s%s\n", what, text);
    return false;
}

static enum pg_err audit(struct pg *pg, const struct user_login *user)
{
    bool found;
    struct buf after;
    struct cli_change change = {.action = "admin.recover", .target = &user->id};
    enum pg_err e = organisation_store_operator(pg, &change.organisation, &found);
    if (e != PG_OK || !found)
        return e;
    buf_init(&after, 4096);
    (void)buf_add_lit(&after, "{\"email\":");
    (void)buf_add_json(&after, str_of(user->email));
    (void)buf_add_lit(&after, "}");
    change.after = buf_str(&after);
    e = cli_audit(pg, &change);
    buf_fini(&after);
    return e;
}

/* A new password, or the link by which they choose one. */
static enum pg_err give_way(struct pg *pg, struct recovery *r, const struct user_login *user)
{
    uint8_t hash[TOKEN_HASH_BYTES];
    if (r->password_stdin)
        return user_store_set_password(pg, user->id, r->hash);
    token_make(r->token);
    token_hash(str_of(r->token), hash);
    const struct token_new t = {.hash = hash,
                                .purpose = TOKEN_PASSWORD_RESET,
                                .user = &user->id,
                                .email = str_of(user->email),
                                .minutes = LINK_MINUTES};
    return token_store_add(pg, &t);
}

static enum pg_err recover_all(struct pg *pg, struct recovery *r, const struct user_login *user)
{
    int64_t ended;
    enum pg_err e = pg_begin(pg);
    if (e == PG_OK)
        e = second_factor_store_remove(pg, user->id);
    if (e == PG_OK)
        e = passkey_store_remove_all(pg, user->id);
    if (e == PG_OK)
        e = session_store_revoke_all(pg, user->id, NULL, &ended);
    if (e == PG_OK)
        e = token_store_drop(pg, user->id);
    if (e == PG_OK)
        e = give_way(pg, r, user);
    if (e == PG_OK)
        e = audit(pg, user);
    if (e == PG_OK)
        e = pg_commit(pg);
    if (e != PG_OK)
        pg_rollback(pg);
    return e;
}

static bool take_password(struct recovery *r)
{
    if (!r->password_stdin)
        return true;
    if (!args_read_line("the password", r->password, sizeof r->password))
        return false;
    struct str p = str_of(r->password);
    const char *fault = password_fault(p);
    if (!fault)
        return password_hash(p, r->hash);
    (void)fprintf(stderr, "doteb-control: the password: %s\n", fault);
    return false;
}

static bool recover(const struct app *app, struct pg *pg, struct recovery *r)
{
    struct user_login user;
    if (user_store_login(pg, str_of(r->email), &user) != PG_OK)
        return complain("", pg_error(pg));
    if (!user.found)
        return complain("--email: there is no working account ", r->email);
    if (!take_password(r))
        return false;
    if (recover_all(pg, r, &user) != PG_OK)
        return complain("", pg_error(pg));
    (void)fprintf(
        stderr, "doteb-control: %s has no second factor, no passkey and no session any more; %s\n",
        user.email,
        r->password_stdin ? "the new password works"
                          : "with this link, once and within the hour, they choose a "
                            "password:");
    struct str root = str_of(app->opt.public_url);
    while (root.len && root.p[root.len - 1] == '/')
        root.len--;
    if (!r->password_stdin)
        (void)printf(STR_FMT "/reset/finish#%s\n", STR_ARG(root), r->token);
    return fflush(stdout) == 0;
}

int cmd_admin_recover(struct app *app, int argc, char *const *argv)
{
    struct recovery r = {0};
    const struct arg table[] = {
        {.name = "--email", .value = &r.email, .required = true},
        {.name = "--password-stdin", .flag = &r.password_stdin},
    };
    if (!args_parse(argc, argv, table, ARRAY_LEN(table)))
        return 2;
    struct pg *pg = app_connect_migrated(app);
    bool ok = pg && recover(app, pg, &r);
    pg_close(pg);
    sodium_memzero(&r, sizeof r);
    return ok ? 0 : 1;
}
