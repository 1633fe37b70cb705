/* /api/v1/account/sessions: where the person is signed in, and signing out there. */
#include "control/api/api.h"
#include "control/audit.h"
#include "control/input.h"
#include "control/store/session_store.h"

void api_account_sessions_list(struct call *c)
{
    struct pg_result *r = NULL;
    if (!input_query(c, NULL, 0))
        return;
    enum pg_err e = session_store_list(c->pg, &c->session, &r);
    if (e == PG_OK) {
        struct buf *out = call_json(c, 200);
        (void)buf_add_lit(out, "{\"items\":[");
        for (size_t i = 0; i < pg_rows(r); i++) {
            if (i)
                (void)buf_add_char(out, ',');
            (void)buf_add_str(out, pg_str(r, i, 0));
        }
        (void)buf_add_lit(out, "],\"next_cursor\":null}\n");
    } else {
        (void)call_failed(c, e);
    }
    pg_result_free(r);
}

void api_account_sessions_revoke(struct call *c)
{
    bool found;
    enum pg_err e = session_store_revoke_id(c->pg, c->session.user, c->id, &found);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    if (found)
        audit_note(c, c->id, STR_NULL, STR_NULL);
    else
        audit_nothing(c); /* ended already; another's looks the same */
    call_no_content(c);
}

void api_account_sessions_revoke_others(struct call *c)
{
    int64_t ended;
    enum pg_err e = session_store_revoke_all(c->pg, c->session.user, &c->session, &ended);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    if (ended > 0)
        audit_note(c, c->session.user, STR_NULL, STR_NULL);
    else
        audit_nothing(c);
    call_no_content(c);
}
