/* /api/v1/account/deletion: what stands in the way of deleting one's account, and deleting it. An
 * organisation is never left without an owner, nor the instance without an operator. What remains
 * is the audit log, and a row without a name that others point to.
 */
#include "control/account.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/input.h"
#include "control/second_factor.h"
#include "control/session.h"
#include "control/store/account_end_store.h"

enum { CODE_MAX = 32 };

static bool look(struct call *c, struct pg_result **r)
{
    enum pg_err e = account_end_store_view(c->pg, c->session.user, r);
    if (e == PG_OK && pg_rows(*r) > 0)
        return true;
    if (e != PG_OK)
        return call_failed(c, e);
    reply_problem(&c->reply, P_NOT_SIGNED_IN, NULL, "Sign in first."); /* deleted this instant */
    return false;
}

void api_account_deletion_get(struct call *c)
{
    struct pg_result *r = NULL;
    if (input_query(c, NULL, 0) && look(c, &r))
        (void)buf_add_str(call_json(c, 200), pg_str(r, 0, ACCOUNT_END_VIEW));
    pg_result_free(r);
}

static bool refuse_for(struct call *c, const struct pg_result *r)
{
    int64_t more = pg_i64(r, 0, ACCOUNT_END_COUNT) - 1;
    struct str name = pg_str(r, 0, ACCOUNT_END_NAME);
    const char *and_more = more > 0 ? arena_printf(c->arena, " (and %lld more)", (long long)more)
                                    : "";
    reply_problem(&c->reply, P_CONFLICT, NULL, "You are the %s of " STR_FMT "%s; %s first.",
                  pg_bool(r, 0, ACCOUNT_END_ALONE) ? "only member" : "only owner", STR_ARG(name),
                  and_more,
                  pg_bool(r, 0, ACCOUNT_END_ALONE) ? "archive it" : "make somebody else an owner");
    return false;
}

/* With the locks taken: nobody else leaves meanwhile. */
static bool may_end(struct call *c)
{
    struct pg_result *r = NULL;
    enum pg_err e = account_end_store_lock(c->pg, c->session.user);
    if (e != PG_OK)
        return call_failed(c, e);
    bool ok = look(c, &r);
    if (ok && pg_bool(r, 0, ACCOUNT_END_OPERATOR)) {
        reply_problem(&c->reply, P_CONFLICT, NULL,
                      "Nobody else operates this instance; make another operator first "
                      "(doteb-control admin create).");
        ok = false;
    } else if (ok && pg_i64(r, 0, ACCOUNT_END_COUNT) > 0) {
        ok = refuse_for(c, r);
    }
    pg_result_free(r);
    return ok;
}

static bool check_code(struct call *c, const struct user_login *user, struct str code)
{
    if (!user->second_factor)
        return true;
    return code.p ? second_factor_check(c, user->id, true, str_trim(code))
                  : input_refuse(c, "code", "two-step sign-in is on: give a code.");
}

/* The letter goes into the queue after what waits there for the person is gone. */
static bool end(struct call *c, const struct user_login *user, bool revoke_keys)
{
    audit_note(c, user->id, STR_NULL, STR_NULL);
    enum pg_err e = audit_now(c);
    if (e == PG_OK)
        e = account_end_store_end(c->pg, user->id, revoke_keys);
    if (e != PG_OK)
        return call_failed(c, e);
    return account_send(c, LETTER_ACCOUNT_DELETED, str_of(user->email)) && session_end(c);
}

void api_account_deletion_create(struct call *c)
{
    enum { KEEP, REVOKE };
    static const char *const key_words[] = {"keep", "revoke", NULL};
    struct str password = STR_NULL, code = STR_NULL;
    struct user_login user;
    int keys = KEEP;
    const struct input_row rows[] = {
        {.name = "password",
         .kind = INPUT_SECRET,
         .required = true,
         .min = 1,
         .max = PASSWORD_MAX,
         .to = &password},
        {.name = "code", .kind = INPUT_TEXT, .min = 1, .max = CODE_MAX, .to = &code},
        {.name = "api_keys", .kind = INPUT_WORD, .words = key_words, .to = &keys},
    };
    if (input_body(c, rows, ARRAY_LEN(rows)) && account_check_password(c, password, &user) &&
        check_code(c, &user, code) && may_end(c) && end(c, &user, keys == REVOKE))
        call_no_content(c);
}
