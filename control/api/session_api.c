/* /api/v1/session: sign in (the first step, or all of it), who am I, sign out. */
#include "control/account.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/input.h"
#include "control/session.h"

/* The password was right. */
static void sign_in(struct call *c, const struct user_login *user)
{
    if (user->second_factor) {
        if (!session_start_half(c, user->id))
            return;
        audit_nothing(c); /* nobody is signed in yet */
        (void)buf_printf(call_json(c, 202), "{\"second_factor\":\"totp\",\"passkey\":%s}\n",
                         user->passkeys ? "true" : "false");
    } else if (session_start(c, user->id)) {
        audit_note(c, user->id, STR_NULL, STR_NULL);
        session_answer(c);
    }
}

void api_session_create(struct call *c)
{
    struct str email = STR_NULL, password = STR_NULL;
    struct user_login user;
    const struct input_row rows[] = {
        {.name = "email", .kind = INPUT_TEXT, .required = true, .min = 1, .max = 254, .to = &email},
        {.name = "password",
         .kind = INPUT_SECRET,
         .required = true,
         .min = 1,
         .max = PASSWORD_MAX,
         .to = &password},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)))
        return;
    struct str counted = email;
    if (!account_take_guess_of(c, GUESS_PASSWORD, &counted))
        return;
    enum pg_err e = user_store_login(c->pg, email, &user);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    bool right = password_verify(user.found ? user.hash : c->app->nobody, password);
    if (!user.found || !right) {
        reply_problem(&c->reply, P_WRONG_LOGIN, NULL,
                      "The e-mail address or the password is wrong.");
        return;
    }
    guess_right(c->guesses, GUESS_PASSWORD, counted, c->req.client_ip);
    sign_in(c, &user);
}

void api_session_get(struct call *c)
{
    struct uuid organisation = {0};
    const struct input_row rows[] = {
        {.name = "organisation", .kind = INPUT_UUID, .to = &organisation},
    };
    if (input_query(c, rows, ARRAY_LEN(rows)))
        session_answer_with(c, organisation);
}

void api_session_delete(struct call *c)
{
    if (session_end(c)) {
        audit_note(c, c->session.user, STR_NULL, STR_NULL);
        call_no_content(c);
    }
}
