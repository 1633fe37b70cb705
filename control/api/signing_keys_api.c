/* /organisations/{org}/projects/{project}/signing-keys: list, make (secret shown once), revoke. */
#include <sodium.h>

#include "common/clock.h"
#include "common/signing_key.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/page.h"
#include "control/seal.h"
#include "control/store/api_key_store.h"
#include "control/store/signing_key_store.h"

void signing_keys_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    struct uuid api_key;
    bool of_one = false;
    struct signing_key_filter f = {.organisation = c->org, .project = c->project};
    page_init(&page);
    const struct input_row rows[] = {
        {.name = "api_key", .kind = INPUT_UUID, .to = &api_key, .given = &of_one},
        PAGE_INPUT(&page),
    };
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_place(c, &page, &f.after))
        return;
    f.api_key = of_one ? &api_key : NULL;
    f.limit = page.limit + 1;
    enum pg_err e = signing_key_store_list(c->pg, &f, &r);
    page_answer(c, &page, e, r, 2);
}

static enum pg_err add(struct call *c, struct uuid api_key, const struct signing_key *pair,
                       struct uuid id, bool *added)
{
    uint8_t sealed[SIGNING_KEY_SECRET_LEN + CRYPTO_SEAL_OVERHEAD];
    struct crypto_aad aad = aad_signing_key(c->org, id);
    struct signing_key_new k = {
        .organisation = c->org,
        .id = id,
        .api_key = api_key,
        .created_by = c->session.user,
        .access_key_id = pair->id,
        .sealed = str_make((const char *)sealed, sizeof sealed),
    };
    enum pg_err e = seal_for(c->app, c->pg, c->org, &aad, str_of(pair->secret), sealed);
    return e == PG_OK ? signing_key_store_add(c->pg, &k, added) : e;
}

void signing_keys_create(struct call *c)
{
    struct uuid api_key, owner, id = uuid_v7(clock_wall_us());
    bool found, added = false;
    struct str item = STR_NULL;
    const struct input_row rows[] = {
        {.name = "api_key_id", .kind = INPUT_UUID, .required = true, .to = &api_key},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)))
        return;
    enum pg_err e = api_key_store_owner(c->pg, c->org, c->project, api_key, &owner, &found);
    if (e == PG_OK && !found) {
        (void)input_refuse(c, "api_key_id", "there is no such API key in this project.");
        return;
    }
    if (e == PG_OK && !call_may_change(c, owner))
        return;
    struct signing_key pair;
    signing_key_generate(&pair);
    if (e == PG_OK)
        e = add(c, api_key, &pair, id, &added);
    if (e == PG_OK && added)
        e = call_item(c, signing_key_store_get, id, &item);
    if (e != PG_OK) {
        (void)call_failed(c, e);
    } else if (added) {
        audit_note(c, id, STR_NULL, item);
        call_item_with(c, 201, item, "secret_access_key", pair.secret);
    } else {
        (void)input_refuse(c, "api_key_id",
                           "the API key is revoked, or has five signing keys already.");
    }
    sodium_memzero(&pair, sizeof pair);
}

void signing_keys_revoke(struct call *c)
{
    struct uuid owner;
    struct str before = STR_NULL;
    bool found, changed = false;
    enum pg_err e = signing_key_store_owner(c->pg, c->org, c->project, c->id, &owner, &found);
    if (e == PG_OK && !found) {
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such signing key.");
        return;
    }
    if (e == PG_OK && !call_may_change(c, owner))
        return;
    if (e == PG_OK)
        e = call_item(c, signing_key_store_get, c->id, &before);
    if (e == PG_OK)
        e = signing_key_store_revoke(c->pg, c->org, c->id, &changed);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    if (changed)
        audit_note(c, c->id, before, STR_NULL);
    else
        audit_nothing(c);
    call_no_content(c);
}
