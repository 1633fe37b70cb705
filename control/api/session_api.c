/* /api/v1/session: sign in, who am I, sign out. */
#include "common/clock.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/input.h"
#include "control/session.h"
#include "control/store/session_store.h"
#include "control/store/user_store.h"

static void write_view(struct call *c, const struct pg_result *r)
{
    struct buf *out = call_json(c, 200);
    (void)buf_add_lit(out, "{\"user\":");
    (void)buf_add_str(out, pg_str(r, 0, SESSION_VIEW_USER));
    (void)buf_add_lit(out, ",\"organisations\":");
    (void)buf_add_str(out, pg_str(r, 0, SESSION_VIEW_ORGANISATIONS));
    (void)buf_add_lit(out, ",\"csrf_token\":");
    (void)buf_add_json(out, str_of(c->session.csrf));
    (void)buf_add_lit(out, ",\"gateway_url\":");
    (void)buf_add_json(out, str_of(c->app->opt.gateway_url));
    (void)buf_printf(out, ",\"provider_base_url_override\":%s,\"version\":\"%s\"}\n",
                     c->app->opt.base_url_override ? "true" : "false", DOTEB_VERSION);
}

static void answer(struct call *c)
{
    struct pg_result *r = NULL;
    enum pg_err e = session_store_view(c->pg, c->session.user, &r);
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (pg_rows(r) == 0) /* deleted this instant */
        reply_problem(&c->reply, P_NOT_SIGNED_IN, NULL, "Sign in first.");
    else
        write_view(c, r);
    pg_result_free(r);
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
    int wait_s = guess_take(c->guesses, email, c->req.client_ip, clock_mono_us());
    if (wait_s > 0) {
        reply_problem(&c->reply, P_TOO_MANY, NULL, "Too many attempts; try again in %d s.", wait_s);
        c->reply.retry_after_s = wait_s;
        return;
    }
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
    guess_right(c->guesses, email, c->req.client_ip);
    if (session_start(c, user.id)) {
        audit_note(c, user.id, STR_NULL, STR_NULL);
        answer(c);
    }
}

void api_session_get(struct call *c)
{
    if (input_query(c, NULL, 0))
        answer(c);
}

void api_session_delete(struct call *c)
{
    if (session_end(c)) {
        audit_note(c, c->session.user, STR_NULL, STR_NULL);
        call_no_content(c);
    }
}
