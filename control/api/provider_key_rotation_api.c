/* /organisations/{org}/provider-keys/{id}: asking the provider about the secret, and its exchange
 * for another: begun, switched, then confirmed or taken back. */
#include <sodium.h>

#include "control/api/api.h"
#include "control/audit.h"
#include "control/etag.h"
#include "control/input.h"
#include "control/provider_key.h"
#include "control/provider_key_check.h"
#include "control/seal.h"
#include "control/store/idempotency_store.h"
#include "control/store/provider_key_rotation_store.h"
#include "control/store/provider_key_store.h"

/* The key's row and its provider's. False after writing why not. */
static bool read_key(struct call *c, struct provider_key_sealed *k, struct provider_row *provider)
{
    enum pg_err e = provider_key_rotation_store_sealed(c->pg, c->arena, c->org, c->id, k);
    if (e == PG_OK && k->found)
        e = catalogue_store_provider(c->pg, c->org, k->slug, provider);
    if (e != PG_OK)
        return call_failed(c, e);
    if (k->found && provider->found)
        return true;
    if (k->found)
        reply_problem(&c->reply, P_CONFLICT, NULL, "Its provider is no longer offered.");
    else
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such provider key.");
    return false;
}

static bool same_url(struct str a, struct str b)
{
    return a.p && b.p ? str_eq(a, b) : a.p == b.p;
}

/* Nothing is held while the provider is asked. From here on the key is; false after writing that it
 * is not the one any more that was asked about. */
static bool hold(struct call *c, const struct provider_key_sealed *asked)
{
    struct provider_key_sealed now;
    enum pg_err e = change_store_lock(c->pg, c->id);
    if (e == PG_OK)
        e = provider_key_rotation_store_sealed(c->pg, c->arena, c->org, c->id, &now);
    if (e != PG_OK)
        return call_failed(c, e);
    if (now.found && str_eq(now.sealed, asked->sealed) && str_eq(now.options, asked->options) &&
        same_url(now.base_url, asked->base_url))
        return true;
    if (now.found)
        reply_problem(&c->reply, P_CONFLICT, NULL,
                      "The key was changed while its provider was asked; try again.");
    else
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such provider key.");
    return false;
}

void api_provider_keys_check(struct call *c)
{
    struct provider_key_sealed k;
    struct provider_row provider;
    struct provider_key_check check;
    struct str secret, item;
    struct crypto_aad aad = aad_provider_key(c->org, c->id);
    if (!read_key(c, &k, &provider))
        return;
    enum pg_err e = call_item(c, provider_key_store_get, c->id, &item);
    if (e == PG_OK && !etag_check_item(c, item))
        return;
    if (e == PG_OK)
        e = open_for(c->app, c->pg, c->org, &aad, k.sealed, c->arena, &secret);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    const struct provider_key_subject subject = {
        .provider = &provider, .base_url = k.base_url, .options = k.options, .secret = secret};
    provider_key_check(c->app, &subject, c->arena, &check);
    sodium_memzero((char *)(uintptr_t)secret.p, secret.len);
    if (!hold(c, &k))
        return;
    e = provider_key_rotation_store_checked(c->pg, c->org, c->id, check.json);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_note(c, c->id, STR_NULL, check.json);
    (void)buf_add_str(call_json(c, 200), check.json);
}

/* Notes the change and answers the key as it is now. */
static void answer_key(struct call *c, struct str before)
{
    struct str after = STR_NULL, shown = STR_NULL;
    enum pg_err e = call_item(c, provider_key_store_get, c->id, &after);
    if (e == PG_OK)
        e = call_item(c, provider_key_store_show, c->id, &shown);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_note(c, c->id, before, after);
    (void)buf_add_str(call_json(c, 200), shown);
}

/* The key as it was and how far its exchange is. False after writing why not. */
static bool read_rotation(struct call *c, struct str *before, enum rotation_now *now)
{
    enum pg_err e = call_item(c, provider_key_store_get, c->id, before);
    if (e == PG_OK)
        e = provider_key_rotation_store_now(c->pg, c->org, c->id, now);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!before->p)
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such provider key.");
    return before->p != NULL;
}

static bool read_secret(struct call *c, struct str *secret)
{
    const struct input_row rows[] = {
        {.name = "secret",
         .kind = INPUT_SECRET,
         .required = true,
         .min = 1,
         .max = PROVIDER_SECRET_MAX,
         .to = secret},
    };
    return input_body(c, rows, ARRAY_LEN(rows)) &&
           (provider_key_secret_fits(*secret) ||
            input_refuse(c, "secret", "give printable ASCII without spaces at its ends."));
}

/* False after writing that the secret will not do, or cannot be asked about; else the key is held.
 */
static bool check_new(struct call *c, struct str secret, struct provider_key_check *check)
{
    struct provider_key_sealed k;
    struct provider_row provider;
    if (!read_key(c, &k, &provider))
        return false;
    const char *why = provider_key_secret_complaint(str_of(provider.signer), secret);
    if (*why)
        return input_refuse(c, "secret", "%s", why);
    const struct provider_key_subject subject = {
        .provider = &provider, .base_url = k.base_url, .options = k.options, .secret = secret};
    provider_key_check(c->app, &subject, c->arena, check);
    if (check->outcome == CHECK_REFUSED)
        return input_refuse(c, "secret", "%s", check->detail);
    return hold(c, &k);
}

/* Reads the key; false after writing why no exchange can begin. */
static bool may_start(struct call *c, struct str *before)
{
    enum rotation_now now;
    if (!read_rotation(c, before, &now))
        return false;
    if (now != ROTATION_NONE)
        reply_problem(&c->reply, P_CONFLICT, NULL,
                      "Its secret is being exchanged already: confirm that or take it back first.");
    return now == ROTATION_NONE;
}

void api_provider_keys_rotation_start(struct call *c)
{
    struct str before, secret = STR_NULL;
    struct provider_key_check check;
    struct provider_key_blob blob;
    /* Looked at again, once the key is held. */
    if (!read_secret(c, &secret) || !may_start(c, &before) || !check_new(c, secret, &check) ||
        !may_start(c, &before))
        return;
    enum pg_err e = provider_key_seal(c->app, c->pg, c->org, c->id, secret, &blob);
    if (e == PG_OK)
        e = provider_key_rotation_store_start(c->pg, c->org, c->id,
                                              str_make((const char *)blob.sealed, blob.len),
                                              blob.last4, check.json);
    if (e == PG_OK)
        answer_key(c, before);
    else
        (void)call_failed(c, e);
}

void api_provider_keys_rotation_switch(struct call *c)
{
    struct str before;
    enum rotation_now now;
    if (!read_rotation(c, &before, &now))
        return;
    if (now != ROTATION_STARTED) {
        reply_problem(&c->reply, P_CONFLICT, NULL, "%s",
                      now == ROTATION_NONE ? "There is no new secret to switch to."
                                           : "The new secret is in use already.");
        return;
    }
    enum pg_err e = provider_key_rotation_store_swap(c->pg, c->org, c->id, true);
    if (e == PG_OK)
        answer_key(c, before);
    else
        (void)call_failed(c, e);
}

void api_provider_keys_rotation_confirm(struct call *c)
{
    struct str before;
    enum rotation_now now;
    if (!read_rotation(c, &before, &now))
        return;
    if (now != ROTATION_SWITCHED) {
        reply_problem(&c->reply, P_CONFLICT, NULL, "%s",
                      now == ROTATION_NONE ? "There is no old secret to wipe."
                                           : "The new secret is not in use yet.");
        return;
    }
    enum pg_err e = provider_key_rotation_store_end(c->pg, c->org, c->id);
    if (e == PG_OK)
        answer_key(c, before);
    else
        (void)call_failed(c, e);
}

void api_provider_keys_rotation_end(struct call *c)
{
    struct str before;
    enum rotation_now now;
    enum pg_err e = PG_OK;
    if (!read_rotation(c, &before, &now))
        return;
    if (now == ROTATION_NONE) {
        reply_problem(&c->reply, P_CONFLICT, NULL, "Its secret is not being exchanged.");
        return;
    }
    if (now == ROTATION_SWITCHED)
        e = provider_key_rotation_store_swap(c->pg, c->org, c->id, false);
    if (e == PG_OK)
        e = provider_key_rotation_store_end(c->pg, c->org, c->id);
    if (e == PG_OK)
        answer_key(c, before);
    else
        (void)call_failed(c, e);
}
