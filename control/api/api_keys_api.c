/* /organisations/{org}/projects/{project}/api-keys: list, make (shown once), revoke. */
#include <sodium.h>

#include "common/clock.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/page.h"
#include "control/store/api_key_store.h"

static const char *const status_words[] = {"active", "revoked", "all", NULL};

static bool open_cursor(struct call *c, struct page *page, struct api_key_filter *f)
{
    if (!page_open(c, page, 2))
        return false;
    f->after = page->after;
    return !page->after ||
           (str_to_i64(page->key[0], &f->after_us) && uuid_parse(page->key[1], &f->after_id)) ||
           page_bad_cursor(c);
}

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
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !open_cursor(c, &page, &f))
        return;
    f.status = (enum api_key_status)status;
    f.limit = page.limit + 1;
    enum pg_err e = api_key_store_list(c->pg, &f, &r);
    if (e == PG_OK)
        page_write(c, &page, r, 2);
    else
        (void)call_failed(c, e);
    pg_result_free(r);
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
    const struct input_row rows[] = {
        {.name = "name", .kind = INPUT_TEXT, .required = true, .min = 1, .max = 100, .to = &k.name},
        {.name = "expires_at", .kind = INPUT_TIME, .nullable = true, .to = &k.expires_us},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)))
        return;
    if (k.expires_us && k.expires_us <= now_us) {
        (void)input_refuse(c, "expires_at", "give a time in the future.");
        return;
    }
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

void api_keys_revoke(struct call *c)
{
    struct uuid owner;
    struct str before = STR_NULL, after = STR_NULL;
    bool found, changed = false;
    enum pg_err e = api_key_store_owner(c->pg, c->org, c->project, c->id, &owner, &found);
    if (e == PG_OK && !found) {
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such API key.");
        return;
    }
    if (e == PG_OK && !call_may_change(c, owner))
        return;
    if (e == PG_OK)
        e = call_item(c, api_key_store_get, c->id, &before);
    if (e == PG_OK)
        e = api_key_store_revoke(c->pg, c->org, c->id, &changed);
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
