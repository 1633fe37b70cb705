/* /organisations/{org}/projects/{project}/api-keys: list, make (shown once), revoke. */
#include <sodium.h>

#include "common/clock.h"
#include "control/api/api.h"
#include "control/api/key_restrictions.h"
#include "control/audit.h"
#include "control/page.h"
#include "control/store/api_key_store.h"

static const char *const status_words[] = {"active", "revoked", "all", NULL};

void api_keys_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    int status = API_KEY_ACTIVE;
    struct api_key_filter f = {.organisation = c->org, .project = c->project};
    page_init(&page);
    const struct input_row rows[] = {
        {.name = "status", .kind = INPUT_WORD, .words = status_words, .to = &status},
        PAGE_INPUT(&page),
    };
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_place(c, &page, &f.after))
        return;
    f.status = (enum api_key_status)status;
    f.limit = page.limit + 1;
    enum pg_err e = api_key_store_list(c->pg, &f, &r);
    page_answer(c, &page, e, r, 2);
}

void api_keys_create(struct call *c)
{
    char key[APIKEY_TEXT_LEN + 1], last4[5];
    int64_t now_us = clock_wall_us();
    struct api_key_new k = {
        .id = uuid_v7(now_us),
        .organisation = c->org,
        .project = c->project,
        .owner = c->session.user,
    };
    struct key_restrictions_input lists = {0};
    const struct input_row rows[] = {
        {.name = "name", .kind = INPUT_TEXT, .required = true, .min = 1, .max = 100, .to = &k.name},
        {.name = "expires_at",
         .kind = INPUT_TIME,
         .nullable = true,
         .to = &k.expires_us,
         .given = &k.set_expires},
        KEY_RESTRICTIONS_INPUT(&lists),
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !key_restrictions_judge(c, &lists))
        return;
    if (k.expires_us && k.expires_us <= now_us) {
        (void)input_refuse(c, "expires_at", "give a time in the future.");
        return;
    }
    k.restrictions = key_restrictions_texts(c, &lists);
    apikey_generate(key);
    apikey_last4(str_of(key), last4);
    k.hash = apikey_hash(c->app->pepper, str_of(key));
    k.last4 = last4;
    struct str item = STR_NULL;
    enum pg_err e = api_key_store_add(c->pg, &k);
    if (e == PG_OK)
        e = call_item(c, api_key_store_get, k.id, &item);
    if (e == PG_OK) {
        audit_note(c, k.id, STR_NULL, item);
        call_item_with(c, 201, item, "key", key);
    } else if (e == PG_MISSING) {
        reply_problem(&c->reply, P_CONFLICT, NULL, "The project is archived; bring it back first.");
    } else {
        (void)call_failed(c, e);
    }
    sodium_memzero(key, sizeof key);
}

/* Is it in the project, and the caller's to change? Reads it. */
static bool mine(struct call *c, struct str *item)
{
    struct uuid owner;
    bool found;
    enum pg_err e = api_key_store_owner(c->pg, c->org, c->project, c->id, &owner, &found);
    if (e == PG_OK && found && !call_may_change(c, owner))
        return false;
    if (e == PG_OK && found)
        e = call_item(c, api_key_store_get, c->id, item);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!found)
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such API key.");
    return found;
}

void api_keys_update(struct call *c)
{
    struct str before, after = STR_NULL;
    bool done = false;
    struct api_key_patch p = {0};
    struct key_restrictions_input lists = {0};
    const struct input_row rows[] = {
        {.name = "name", .kind = INPUT_TEXT, .min = 1, .max = 100, .to = &p.name},
        {.name = "disabled", .kind = INPUT_BOOL, .to = &p.disabled, .given = &p.set_disabled},
        {.name = "expires_at",
         .kind = INPUT_TIME,
         .nullable = true,
         .to = &p.expires_us,
         .given = &p.set_expires},
        KEY_RESTRICTIONS_INPUT(&lists),
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !mine(c, &before) ||
        !key_restrictions_judge(c, &lists))
        return;
    if (p.expires_us && p.expires_us <= clock_wall_us()) {
        (void)input_refuse(c, "expires_at", "give a time in the future.");
        return;
    }
    if (!p.name.p && !p.set_disabled && !p.set_expires && !lists.models && !lists.providers &&
        !lists.ip_ranges) {
        reply_problem(&c->reply, P_INVALID, NULL,
                      "Give name, disabled, expires_at, models, providers or ip_ranges.");
        return;
    }
    p.restrictions = key_restrictions_texts(c, &lists);
    enum pg_err e = api_key_store_patch(c->pg, c->org, c->id, &p, &done);
    if (e == PG_OK)
        e = call_item(c, api_key_store_get, c->id, &after);
    if (e != PG_OK) {
        (void)call_failed(c, e);
    } else if (!done) {
        reply_problem(&c->reply, P_CONFLICT, NULL, "The key is revoked, for good.");
    } else {
        audit_change(c, c->id, before, after);
        (void)buf_add_str(call_json(c, 200), after);
    }
}

void api_keys_rotate(struct call *c)
{
    char key[APIKEY_TEXT_LEN + 1], last4[5];
    struct str before, after = STR_NULL;
    bool done = false;
    struct api_key_rotation n = {.last4 = last4, .grace_hours = 24};
    const struct input_row rows[] = {
        {.name = "grace_hours", .kind = INPUT_INT, .min = 0, .max = 720, .to = &n.grace_hours},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !mine(c, &before))
        return;
    apikey_generate(key);
    apikey_last4(str_of(key), last4);
    n.hash = apikey_hash(c->app->pepper, str_of(key));
    enum pg_err e = api_key_store_rotate(c->pg, c->org, c->id, &n, &done);
    if (e == PG_OK)
        e = call_item(c, api_key_store_get, c->id, &after);
    if (e != PG_OK) {
        (void)call_failed(c, e);
    } else if (!done) {
        reply_problem(&c->reply, P_CONFLICT, NULL, "The key is revoked or has expired.");
    } else {
        audit_note(c, c->id, before, after);
        call_item_with(c, 200, after, "key", key);
    }
    sodium_memzero(key, sizeof key);
}

void api_keys_revoke(struct call *c)
{
    struct str before, after = STR_NULL;
    bool changed = false;
    if (!mine(c, &before))
        return;
    enum pg_err e = api_key_store_revoke(c->pg, c->org, c->id, &changed);
    if (e == PG_OK)
        e = call_item(c, api_key_store_get, c->id, &after);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    if (changed)
        audit_note(c, c->id, before, after);
    else
        audit_nothing(c);
    call_no_content(c);
}
