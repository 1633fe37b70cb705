/* Two-step sign-in: the second step itself, and turning it on and off. */
#include "control/second_factor.h"

#include "control/account.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/input.h"
#include "control/session.h"
#include "control/store/second_factor_store.h"

enum { CODE_MAX = 32 };

static bool take(struct call *c, struct str *password, struct str *code)
{
    const struct input_row code_row = {.name = "code",
                                       .kind = INPUT_TEXT,
                                       .required = true,
                                       .min = 1,
                                       .max = CODE_MAX,
                                       .to = code};
    const struct input_row password_row = {.name = "password",
                                           .kind = INPUT_SECRET,
                                           .required = true,
                                           .min = 1,
                                           .max = PASSWORD_MAX,
                                           .to = password};
    struct input_row rows[2];
    size_t n = 0;
    if (password)
        rows[n++] = password_row;
    if (code)
        rows[n++] = code_row;
    if (!input_body(c, rows, n))
        return false;
    if (code)
        *code = str_trim(*code);
    return true;
}

/* The second step of signing in: the half session ends, a whole one with a new cookie begins. */
void api_session_confirm(struct call *c)
{
    struct str code = STR_NULL;
    if (!take(c, NULL, &code) || !session_open_half(c))
        return;
    struct uuid user = c->session.user;
    if (!second_factor_check(c, user, true, code) || !session_start(c, user))
        return;
    audit_note(c, user, STR_NULL, STR_NULL);
    session_answer(c);
}

void api_second_factor_begin(struct call *c)
{
    struct str password = STR_NULL;
    struct user_login user;
    if (!take(c, &password, NULL) || !account_check_password(c, password, &user) ||
        !second_factor_begin(c, str_of(user.email)))
        return;
    audit_nothing(c); /* it is not on yet */
}

static bool notify(struct call *c, enum letter letter)
{
    struct user_login user;
    enum pg_err e = user_store_by_id(c->pg, c->session.user, &user);
    if (e != PG_OK)
        return call_failed(c, e);
    return account_send(c, letter, str_of(user.email));
}

void api_second_factor_confirm(struct call *c)
{
    struct str code = STR_NULL, before, after;
    if (!take(c, NULL, &code) || !account_view(c, c->session.user, &before) ||
        !second_factor_check(c, c->session.user, false, code))
        return;
    enum pg_err e = second_factor_store_confirm(c->pg, c->session.user);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    if (!second_factor_new_codes(c) || !account_view(c, c->session.user, &after) ||
        !notify(c, LETTER_SECOND_FACTOR_ON))
        return;
    audit_note(c, c->session.user, before, after);
}

void api_second_factor_remove(struct call *c)
{
    struct str password = STR_NULL, code = STR_NULL, before, after;
    struct user_login user;
    if (!take(c, &password, &code) || !account_view(c, c->session.user, &before) ||
        !account_check_password(c, password, &user) ||
        !second_factor_check(c, c->session.user, true, code))
        return;
    enum pg_err e = second_factor_store_remove(c->pg, c->session.user);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    if (!account_view(c, c->session.user, &after) ||
        !account_send(c, LETTER_SECOND_FACTOR_OFF, str_of(user.email)))
        return;
    audit_note(c, c->session.user, before, after);
    call_no_content(c);
}

void api_second_factor_codes(struct call *c)
{
    struct str password = STR_NULL, code = STR_NULL;
    struct user_login user;
    if (!take(c, &password, &code) || !account_check_password(c, password, &user) ||
        !second_factor_check(c, c->session.user, true, code) || !second_factor_new_codes(c))
        return;
    audit_note(c, c->session.user, STR_NULL, STR_NULL);
}
