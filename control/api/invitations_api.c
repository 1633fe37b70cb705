/* Invitations: an admin makes a link for an address, whoever signs in with that address follows it.
 * The token is shown to the admin once, goes into the link behind a #, which no server's log sees,
 * and is kept as a hash.
 */
#include <sodium.h>

#include "common/clock.h"
#include "control/account.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/mail.h"
#include "control/page.h"
#include "control/store/invitation_store.h"
#include "control/store/member_store.h"

#define TERM_US (INT64_C(7) * 86400 * 1000000)

void api_invitations_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    struct invitation_filter f = {.organisation = c->org};
    page_init(&page);
    const struct input_row rows[] = {PAGE_INPUT(&page)};
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_place(c, &page, &f.after))
        return;
    f.limit = page.limit + 1;
    enum pg_err e = invitation_store_list(c->pg, &f, &r);
    page_answer(c, &page, e, r, 2);
}

/* To the invited person, if this instance can send mail. In the transaction of the invitation. */
static enum pg_err mail_link(struct call *c, struct uuid id, const char *link)
{
    struct pg_result *r = NULL;
    enum pg_err e = invitation_store_letter(c->pg, c->org, id, &r);
    if (e == PG_OK && pg_rows(r) == 0)
        e = PG_INVALID;
    if (e == PG_OK) {
        struct str email = pg_str(r, 0, 0), org = pg_str(r, 0, 1), from = pg_str(r, 0, 2);
        char *subject = arena_printf(c->arena, "Invitation to " STR_FMT, STR_ARG(org));
        char *text = arena_printf(c->arena,
                                  STR_FMT " invites you to " STR_FMT ", as " STR_FMT
                                          ".\n\nFollow this link to join. It works once, within 7 "
                                          "days, for this e-mail address.\n\n%s\n\nIf you did "
                                          "not expect this, do nothing.\n",
                                  STR_ARG(from), STR_ARG(org), STR_ARG(pg_str(r, 0, 3)), link);
        e = mail_send(c->app, c->pg, email, str_of(subject), str_of(text));
    }
    pg_result_free(r);
    return e;
}

/* Before a mail goes to the address, whoever's organisation it is for. */
static bool may_mail(struct call *c, struct str email)
{
    return !mail_possible(c->app) || account_take_guess_of(c, GUESS_INVITE, &email);
}

/* Mails the link if that is possible, and answers with it. False after writing the failure. */
static bool give_link(struct call *c, int status, struct uuid id, struct str item,
                      const char *token)
{
    bool mailed = mail_possible(c->app);
    struct str root = str_of(c->app->opt.public_url);
    while (root.len && root.p[root.len - 1] == '/')
        root.len--;
    char *link = arena_printf(c->arena, STR_FMT "/invitation#%s", STR_ARG(root), token);
    enum pg_err e = mailed ? mail_link(c, id, link) : PG_OK;
    if (e != PG_OK)
        return call_failed(c, e);
    char *with = arena_printf(c->arena, STR_FMT ",\"mailed\":%s}",
                              STR_ARG(str_make(item.p, item.len - 1)), mailed ? "true" : "false");
    call_item_with(c, status, str_of(with), "link", link);
    return true;
}

static bool read_new(struct call *c, struct invitation_new *n)
{
    int word = -1;
    bool member;
    const struct input_row rows[] = {
        {.name = "email",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 3,
         .max = MAIL_ADDRESS_MAX,
         .to = &n->email},
        {.name = "role", .kind = INPUT_WORD, .required = true, .words = ROLE_WORDS, .to = &word},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)))
        return false;
    n->role = (enum role)(word + ROLE_VIEWER);
    if (!mail_is_address(n->email))
        return input_refuse(c, "email", "give an e-mail address.");
    if (!call_may_give(c, n->role))
        return false;
    enum pg_err e = member_store_has_email(c->pg, c->org, n->email, &member);
    if (e != PG_OK)
        return call_failed(c, e);
    if (member)
        reply_problem(&c->reply, P_CONFLICT, "email", "email: they are a member already.");
    return !member;
}

void api_invitations_create(struct call *c)
{
    char token[TOKEN_TEXT_LEN + 1];
    bool added;
    struct str item = STR_NULL;
    int64_t now_us = clock_wall_us();
    struct invitation_new n = {.organisation = c->org,
                               .id = uuid_v7(now_us),
                               .invited_by = c->session.user,
                               .expires_us = now_us + TERM_US};
    if (!read_new(c, &n) || !may_mail(c, n.email))
        return;
    token_make(token);
    token_hash(str_of(token), n.token_hash);
    enum pg_err e = invitation_store_add(c->pg, &n, &added);
    if (e == PG_OK && added)
        e = call_item(c, invitation_store_get, n.id, &item);
    if (e != PG_OK) {
        (void)call_failed(c, e);
    } else if (added) {
        if (give_link(c, 201, n.id, item, token))
            audit_note(c, n.id, STR_NULL, item);
    } else {
        reply_problem(&c->reply, P_CONFLICT, NULL,
                      "There are %d open invitations; revoke some first.", INVITATIONS_MAX);
    }
    sodium_memzero(token, sizeof token);
}

/* The open invitation of the path; `email` may be NULL. */
static bool find(struct call *c, struct str *item, enum role *role, struct str *email)
{
    struct pg_result *r = NULL;
    enum pg_err e = invitation_store_get(c->pg, c->org, c->id, &r);
    bool found = e == PG_OK && pg_rows(r) > 0;
    if (found) {
        *item = arena_str(c->arena, pg_str(r, 0, 0));
        *role = role_parse(pg_str(r, 0, 3));
        if (email)
            *email = arena_str(c->arena, pg_str(r, 0, 4));
    }
    pg_result_free(r);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!found)
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such open invitation.");
    return found;
}

void api_invitations_resend(struct call *c)
{
    char token[TOKEN_TEXT_LEN + 1];
    struct str before, email, after = STR_NULL;
    enum role role;
    struct invitation_new n = {.organisation = c->org,
                               .id = c->id,
                               .invited_by = c->session.user,
                               .expires_us = clock_wall_us() + TERM_US};
    if (!find(c, &before, &role, &email) || !call_may_give(c, role) || !may_mail(c, email))
        return;
    token_make(token);
    token_hash(str_of(token), n.token_hash);
    enum pg_err e = invitation_store_renew(c->pg, &n);
    if (e == PG_OK)
        e = call_item(c, invitation_store_get, c->id, &after);
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (give_link(c, 200, c->id, after, token))
        audit_note(c, c->id, before, after);
    sodium_memzero(token, sizeof token);
}

void api_invitations_revoke(struct call *c)
{
    struct str before;
    enum role role;
    if (!find(c, &before, &role, NULL))
        return;
    enum pg_err e = invitation_store_revoke(c->pg, c->org, c->id);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_note(c, c->id, before, STR_NULL);
    call_no_content(c);
}

struct opened {
    struct str view;
    struct uuid organisation, id;
    enum role role;
};

/* Reads the body's token and finds what it opens. */
static bool open_token(struct call *c, struct opened *o)
{
    uint8_t hash[TOKEN_HASH_BYTES];
    struct str token = STR_NULL;
    struct pg_result *r = NULL;
    const struct input_row rows[] = {
        {.name = "token",
         .kind = INPUT_SECRET,
         .required = true,
         .min = 1,
         .max = 128,
         .to = &token},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)))
        return false;
    token_hash(token, hash);
    enum pg_err e = invitation_store_open(c->pg, hash, &r);
    bool found = e == PG_OK && pg_rows(r) > 0;
    if (found)
        *o = (struct opened){.view = arena_str(c->arena, pg_str(r, 0, 0)),
                             .organisation = pg_uuid(r, 0, 1),
                             .id = pg_uuid(r, 0, 2),
                             .role = role_parse(pg_str(r, 0, 3))};
    pg_result_free(r);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!found)
        reply_problem(&c->reply, P_NOT_FOUND, NULL,
                      "This invitation is used, revoked or expired. Ask for a new one.");
    return found;
}

void api_invitations_lookup(struct call *c)
{
    struct opened o;
    if (open_token(c, &o))
        (void)buf_add_str(call_json(c, 200), o.view);
}

static bool is_theirs(struct call *c, const struct opened *o)
{
    bool yes;
    enum pg_err e = invitation_store_is_for(c->pg, o->organisation, o->id, c->session.user, &yes);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!yes)
        reply_problem(&c->reply, P_ADDRESS, NULL,
                      "The invitation is for another e-mail address than yours.");
    return yes;
}

void api_invitations_accept(struct call *c)
{
    struct opened o;
    bool won = false;
    struct str item = STR_NULL;
    if (!open_token(c, &o) || !is_theirs(c, &o) || !call_not_suspended(c, o.organisation))
        return;
    c->org = o.organisation;
    enum pg_err e = invitation_store_accept(c->pg, o.organisation, o.id, &won);
    if (e == PG_OK && won)
        e = member_store_add(c->pg, o.organisation, c->session.user, o.role);
    if (e == PG_OK && won)
        e = call_item(c, member_store_get, c->session.user, &item);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    if (!won) {
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "This invitation has just been used.");
        return;
    }
    char id[UUID_TEXT_LEN + 1];
    uuid_format(o.organisation, id);
    audit_note(c, o.id, o.view, item);
    (void)buf_printf(call_json(c, 200), "{\"organisation_id\":\"%s\",\"role\":\"%s\"}\n", id,
                     role_name(o.role));
}
