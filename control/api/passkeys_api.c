/* /api/v1/account/passkeys: the signed-in person's passkeys. Adding and removing one asks for the
 * password again. */
#include "common/clock.h"
#include "control/account.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/input.h"
#include "control/page.h"
#include "control/passkey.h"

enum { NAME_MAX_CHARS = 100, LIST_MAX = 100 };

void api_passkeys_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    page_init(&page);
    page.limit = LIST_MAX; /* all of them */
    if (!input_query(c, NULL, 0))
        return;
    enum pg_err e = passkey_store_list(c->pg, c->session.user, &r);
    page_answer(c, &page, e, r, 0);
}

static bool check_password(struct call *c, struct user_login *user)
{
    struct str password = STR_NULL;
    const struct input_row rows[] = {
        {.name = "password",
         .kind = INPUT_SECRET,
         .required = true,
         .min = 1,
         .max = PASSWORD_MAX,
         .to = &password},
    };
    return input_body(c, rows, ARRAY_LEN(rows)) && account_check_password(c, password, user);
}

void api_passkeys_begin(struct call *c)
{
    struct user_login user;
    if (check_password(c, &user) && passkey_possible(c) && passkey_begin_add(c))
        audit_nothing(c); /* there is none yet */
}

/* The object, if it is the caller's. */
static bool mine(struct call *c, struct uuid id, struct str *item)
{
    struct pg_result *r = NULL;
    enum pg_err e = passkey_store_get(c->pg, c->session.user, id, &r);
    *item = e == PG_OK && pg_rows(r) > 0 ? arena_str(c->arena, pg_str(r, 0, 0)) : STR_NULL;
    pg_result_free(r);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!item->p)
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such passkey.");
    return item->p != NULL;
}

static bool notify(struct call *c, enum letter letter)
{
    struct user_login user;
    enum pg_err e = user_store_by_id(c->pg, c->session.user, &user);
    if (e != PG_OK)
        return call_failed(c, e);
    return account_send(c, letter, str_of(user.email));
}

static bool add(struct call *c, const struct passkey_new *n)
{
    bool added = false;
    enum pg_err e = passkey_store_add(c->pg, n, &added);
    if (e == PG_CONFLICT) {
        reply_problem(&c->reply, P_CONFLICT, NULL, "This passkey is added already.");
        return false;
    }
    if (e != PG_OK)
        return call_failed(c, e);
    if (!added)
        reply_problem(&c->reply, P_CONFLICT, NULL, "You have %d passkeys; remove some first.",
                      PASSKEYS_MAX);
    return added;
}

void api_passkeys_create(struct call *c)
{
    struct passkey_answer a = {0};
    struct webauthn_credential credential;
    struct passkey_new n = {
        .id = uuid_v7(clock_wall_us()), .user = c->session.user, .credential = &credential};
    struct str item;
    const struct input_row rows[] = {
        {.name = "name",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = NAME_MAX_CHARS,
         .to = &n.name},
        {.name = "client_data",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = WEBAUTHN_DATA_MAX,
         .to = &a.client_data},
        {.name = "authenticator_data",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = WEBAUTHN_DATA_MAX,
         .to = &a.auth_data},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !passkey_possible(c) ||
        !passkey_finish_add(c, &a, &credential) || !add(c, &n) || !mine(c, n.id, &item) ||
        !notify(c, LETTER_PASSKEY_ADDED))
        return;
    audit_note(c, n.id, STR_NULL, item);
    (void)buf_add_str(call_json(c, 201), item);
}

void api_passkeys_update(struct call *c)
{
    struct str name = STR_NULL, before, after;
    const struct input_row rows[] = {
        {.name = "name",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = NAME_MAX_CHARS,
         .to = &name},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !mine(c, c->id, &before))
        return;
    enum pg_err e = passkey_store_rename(c->pg, c->session.user, c->id, name);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    if (!mine(c, c->id, &after))
        return;
    audit_change(c, c->id, before, after);
    (void)buf_add_str(call_json(c, 200), after);
}

/* No DELETE, for it has a body. */
void api_passkeys_remove(struct call *c)
{
    struct user_login user;
    struct str before;
    if (!check_password(c, &user) || !mine(c, c->id, &before))
        return;
    enum pg_err e = passkey_store_remove(c->pg, c->session.user, c->id);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    if (!account_send(c, LETTER_PASSKEY_REMOVED, str_of(user.email)))
        return;
    audit_note(c, c->id, before, STR_NULL);
    call_no_content(c);
}
