/* What begins or ends with a link in a mail, without a session: sign-up, a forgotten password, a
 * new e-mail address. Asking answers the same for every address, and does the same work: who has an
 * account shows in the mail only.
 */
#include "common/clock.h"
#include "control/account.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/input.h"
#include "control/mail.h"
#include "control/organisation.h"
#include "control/passkey.h"
#include "control/session.h"
#include "control/store/instance_store.h"
#include "control/store/invitation_store.h"
#include "control/store/mail_store.h"
#include "control/store/member_store.h"

enum { SIGN_UP_MINUTES = 24 * 60, RESET_MINUTES = 60, NAME_MAX_CHARS = 100 };

/* Who may make an account: what the operator set, or else the environment. False after writing the
 * failure. */
static bool sign_up_mode(struct call *c, struct str *mode)
{
    struct pg_result *r = NULL;
    enum pg_err e = instance_store_settings(c->pg, c->app->opt.sign_up, &r);
    *mode = e == PG_OK && pg_rows(r) > 0 ? arena_str(c->arena, pg_str(r, 0, 1))
                                         : str_of(c->app->opt.sign_up);
    pg_result_free(r);
    return e == PG_OK || call_failed(c, e);
}

void api_instance_get(struct call *c)
{
    struct str mode;
    bool late;
    if (!input_query(c, NULL, 0) || !sign_up_mode(c, &mode))
        return;
    enum pg_err e = mail_store_late(c->pg, &late);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    struct buf *out = call_json(c, 200);
    (void)buf_add_lit(out, "{\"sign_up\":");
    (void)buf_add_json(out, mode);
    (void)buf_printf(out, ",\"mail\":%s,\"mail_late\":%s,\"passkeys\":\"%s\"}\n",
                     mail_possible(c->app) ? "true" : "false",
                     late && mail_possible(c->app) ? "true" : "false", passkey_state(c->app));
}

/* The body {"email": ...} of somebody who wants a mail. */
static bool take_email(struct call *c, struct str *email)
{
    const struct input_row rows[] = {
        {.name = "email", .kind = INPUT_TEXT, .required = true, .min = 1, .max = 254, .to = email},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !account_can_write_to(c, *email))
        return false;
    struct str counted = *email;
    return account_take_guess_of(c, GUESS_MAIL, &counted);
}

/* May the address make an account now? False after writing the failure. */
static bool may_sign_up(struct call *c, struct str email, bool *may)
{
    struct str mode;
    bool invited;
    if (!sign_up_mode(c, &mode))
        return false;
    enum pg_err e = invitation_store_invited(c->pg, email, &invited);
    *may = e == PG_OK && !str_eq(mode, STR("closed")) && (invited || str_eq(mode, STR("open")));
    return e == PG_OK || call_failed(c, e);
}

void api_sign_up_create(struct call *c)
{
    struct str email = STR_NULL, mode;
    bool known, may;
    if (!sign_up_mode(c, &mode))
        return;
    if (str_eq(mode, STR("closed"))) {
        reply_problem(&c->reply, P_SIGN_UP_CLOSED, NULL,
                      "Accounts of this instance are made by who runs it.");
        return;
    }
    if (!take_email(c, &email))
        return;
    enum pg_err e = user_store_knows(c->pg, email, &known);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    if (!may_sign_up(c, email, &may))
        return;
    may = may && !known;
    struct token_new t = {
        .purpose = TOKEN_SIGN_UP, .email = email, .minutes = may ? SIGN_UP_MINUTES : 0};
    if (!account_send_link(c, &t, LETTER_SIGN_UP,
                           known ? LETTER_SIGN_UP_KNOWN : LETTER_SIGN_UP_UNINVITED))
        return;
    audit_nothing(c);
    call_no_content(c);
}

/* A link lives for a day: what let it be sent may have been taken back meanwhile. */
static bool still_may(struct call *c, struct str email)
{
    bool may;
    if (!may_sign_up(c, email, &may))
        return false;
    if (!may)
        reply_problem(&c->reply, P_SIGN_UP_CLOSED, NULL,
                      "Accounts are no longer made this way; ask for an invitation.");
    return may;
}

struct sign_up {
    struct str token, name, password, organisation;
    struct token_taken link;
    char hash[PASSWORD_HASH_BYTES];
    struct uuid user, org;
};

/* The person, an organisation of theirs with a project, both in the route's transaction. */
static bool make_account(struct call *c, struct sign_up *s)
{
    s->user = uuid_v7(clock_wall_us());
    const struct user_new u = {
        .id = s->user, .email = str_of(s->link.email), .name = s->name, .password_hash = s->hash};
    enum pg_err e = user_store_add(c->pg, &u);
    if (e == PG_CONFLICT) {
        reply_problem(&c->reply, P_LINK, "token",
                      "There is an account with this address by now; sign in.");
        return false;
    }
    if (e == PG_OK)
        e = organisation_make(c->app, c->pg, s->organisation, false, &s->org);
    if (e == PG_OK)
        e = member_store_add(c->pg, s->org, s->user, ROLE_OWNER);
    return e == PG_OK || call_failed(c, e);
}

void api_sign_up_finish(struct call *c)
{
    struct sign_up s = {.name = STR_NULL};
    struct str view;
    const struct input_row rows[] = {
        {.name = "token",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = TOKEN_TEXT_LEN,
         .to = &s.token},
        {.name = "name",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = NAME_MAX_CHARS,
         .to = &s.name},
        {.name = "organisation",
         .kind = INPUT_TEXT,
         .min = 1,
         .max = NAME_MAX_CHARS,
         .to = &s.organisation},
        {.name = "password",
         .kind = INPUT_SECRET,
         .required = true,
         .min = 1,
         .max = PASSWORD_MAX,
         .to = &s.password},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) ||
        !account_password_fits(c, "password", s.password) ||
        !account_take_link(c, s.token, TOKEN_SIGN_UP, &s.link) ||
        !still_may(c, str_of(s.link.email)) || !account_hash(c, s.password, s.hash))
        return;
    if (!s.organisation.p)
        s.organisation = s.name;
    if (!make_account(c, &s) || !session_start(c, s.user) || !account_view(c, s.user, &view))
        return;
    audit_organisation(c, s.org);
    audit_note(c, s.user, STR_NULL, view);
    session_answer(c);
}

void api_password_reset_create(struct call *c)
{
    struct str email = STR_NULL;
    struct user_login user;
    if (!take_email(c, &email))
        return;
    enum pg_err e = user_store_login(c->pg, email, &user);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    /* To the account's address as it is kept, never as a stranger spells it. */
    struct token_new t = {.purpose = TOKEN_PASSWORD_RESET,
                          .user = user.found ? &user.id : NULL,
                          .email = user.found ? str_of(user.email) : email,
                          .minutes = user.found ? RESET_MINUTES : 0};
    if (!account_send_link(c, &t, LETTER_RESET, LETTER_RESET_UNKNOWN))
        return;
    audit_nothing(c);
    call_no_content(c);
}

void api_password_reset_finish(struct call *c)
{
    struct str token = STR_NULL, password = STR_NULL;
    struct token_taken link;
    char hash[PASSWORD_HASH_BYTES];
    int64_t ended;
    const struct input_row rows[] = {
        {.name = "token",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = TOKEN_TEXT_LEN,
         .to = &token},
        {.name = "password",
         .kind = INPUT_SECRET,
         .required = true,
         .min = 1,
         .max = PASSWORD_MAX,
         .to = &password},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !account_password_fits(c, "password", password) ||
        !account_take_link(c, token, TOKEN_PASSWORD_RESET, &link) ||
        !account_hash(c, password, hash))
        return;
    enum pg_err e = user_store_set_password(c->pg, link.user, hash);
    if (e == PG_OK)
        e = session_store_revoke_all(c->pg, link.user, NULL, &ended);
    if (e == PG_OK)
        e = token_store_drop(c->pg, link.user);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    if (!account_send(c, LETTER_PASSWORD_CHANGED, str_of(link.email)))
        return;
    struct str counted;
    e = user_store_fold(c->pg, c->arena, str_of(link.email), &counted);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    guess_right(c->guesses, GUESS_PASSWORD, counted, c->req.client_ip);
    c->session.user = link.user; /* who the link says they are */
    audit_note(c, link.user, STR_NULL, STR_NULL);
    call_no_content(c);
}

void api_email_change_finish(struct call *c)
{
    struct str token = STR_NULL, before, after;
    struct token_taken link;
    struct user_login user;
    const struct input_row rows[] = {
        {.name = "token",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = TOKEN_TEXT_LEN,
         .to = &token},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) ||
        !account_take_link(c, token, TOKEN_EMAIL_CHANGE, &link) ||
        !account_view(c, link.user, &before))
        return;
    enum pg_err e = user_store_by_id(c->pg, link.user, &user);
    if (e == PG_OK)
        e = user_store_set_email(c->pg, link.user, str_of(link.email));
    if (e == PG_CONFLICT) {
        reply_problem(&c->reply, P_LINK, "token", "Another account has this address by now.");
        return;
    }
    if (e == PG_OK) /* links to the old address no longer open anything */
        e = token_store_drop(c->pg, link.user);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    if (!account_send(c, LETTER_EMAIL_CHANGED, str_of(user.email)) ||
        !account_view(c, link.user, &after))
        return;
    c->session.user = link.user;
    audit_note(c, link.user, before, after);
    call_no_content(c);
}
