/* /api/v1/account: the signed-in person's name, password, e-mail address and organisations. What
 * could lock somebody out asks for the password again.
 */
#include "control/account.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/input.h"
#include "control/page.h"
#include "control/session.h"

enum { CHANGE_MINUTES = 24 * 60, NAME_MAX_CHARS = 100 };

static void answer(struct call *c, struct str item)
{
    struct buf *out = call_json(c, 200);
    (void)buf_add_str(out, item);
    (void)buf_add_char(out, '\n');
}

void api_account_get(struct call *c)
{
    struct str item;
    if (input_query(c, NULL, 0) && account_view(c, c->session.user, &item))
        answer(c, item);
}

void api_account_update(struct call *c)
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
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !account_view(c, c->session.user, &before))
        return;
    enum pg_err e = user_store_set_name(c->pg, c->session.user, name);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    if (!account_view(c, c->session.user, &after))
        return;
    audit_change(c, c->session.user, before, after);
    answer(c, after);
}

void api_account_password(struct call *c)
{
    struct str password = STR_NULL, fresh = STR_NULL;
    struct user_login user;
    char hash[PASSWORD_HASH_BYTES];
    int64_t ended;
    const struct input_row rows[] = {
        {.name = "password",
         .kind = INPUT_SECRET,
         .required = true,
         .min = 1,
         .max = PASSWORD_MAX,
         .to = &password},
        {.name = "new_password",
         .kind = INPUT_SECRET,
         .required = true,
         .min = 1,
         .max = PASSWORD_MAX,
         .to = &fresh},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !account_password_fits(c, "new_password", fresh) ||
        !account_check_password(c, password, &user) || !account_hash(c, fresh, hash))
        return;
    enum pg_err e = user_store_set_password(c->pg, c->session.user, hash);
    if (e == PG_OK)
        e = session_store_revoke_all(c->pg, c->session.user, &c->session, &ended);
    if (e == PG_OK)
        e = token_store_drop(c->pg, c->session.user);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    if (!session_renew(c) || !account_send(c, LETTER_PASSWORD_CHANGED, str_of(user.email)))
        return;
    audit_note(c, c->session.user, STR_NULL, STR_NULL);
    call_no_content(c);
}

void api_account_email(struct call *c)
{
    struct str password = STR_NULL, email = STR_NULL;
    struct user_login user;
    bool taken;
    struct str counted;
    const struct input_row rows[] = {
        {.name = "email", .kind = INPUT_TEXT, .required = true, .min = 1, .max = 254, .to = &email},
        {.name = "password",
         .kind = INPUT_SECRET,
         .required = true,
         .min = 1,
         .max = PASSWORD_MAX,
         .to = &password},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !account_can_write_to(c, email) ||
        !account_check_password(c, password, &user))
        return;
    counted = email;
    if (!account_take_guess_of(c, GUESS_MAIL, &counted))
        return;
    enum pg_err e = user_store_knows(c->pg, email, &taken);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    taken = taken && !str_ieq(email, str_of(user.email)); /* one's own in other letters is free */
    struct token_new t = {.purpose = TOKEN_EMAIL_CHANGE,
                          .user = &c->session.user,
                          .email = email,
                          .minutes = taken ? 0 : CHANGE_MINUTES};
    if (!account_send_link(c, &t, LETTER_NEW_EMAIL, LETTER_NEW_EMAIL_KNOWN))
        return;
    audit_nothing(c); /* the change itself is noted when it happens */
    call_no_content(c);
}

void api_account_organisations(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    struct session_organisations f = {.user = c->session.user};
    page_init(&page);
    const struct input_row rows[] = {
        {.name = "q", .kind = INPUT_TEXT, .max = 100, .to = &f.q},
        PAGE_INPUT(&page),
    };
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_place(c, &page, &f.after))
        return;
    f.limit = page.limit + 1;
    enum pg_err e = session_store_organisations(c->pg, &f, &r);
    page_answer(c, &page, e, r, 2);
}
