/* /organisations/{org}/custom-providers: servers of an organisation's own, with their models and
 * prices. The catalogue's providers are the same for everybody; these nobody else ever sees. */
#include <jansson.h>

#include "common/clock.h"
#include "common/spellings.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/custom_model.h"
#include "control/own_url.h"
#include "control/page.h"
#include "control/provider_key.h"
#include "control/store/custom_provider_store.h"

enum { PROVIDERS_MAX = 50 };

void api_custom_providers_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    page_init(&page);
    const struct input_row rows[] = {PAGE_INPUT(&page)};
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_open(c, &page, 1))
        return;
    enum pg_err e = custom_provider_store_list(c->pg, c->org, page.key[0], page.limit + 1, &r);
    page_answer(c, &page, e, r, 1);
}

static void not_found(struct call *c)
{
    reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such provider.");
}

void api_custom_providers_get(struct call *c)
{
    struct str item = STR_NULL;
    if (!input_query(c, NULL, 0))
        return;
    enum pg_err e = call_item(c, custom_provider_store_get, c->id, &item);
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (!item.p)
        not_found(c);
    else
        (void)buf_add_str(call_json(c, 200), item);
}

void api_custom_providers_impact(struct call *c)
{
    struct pg_result *r = NULL;
    if (!input_query(c, NULL, 0))
        return;
    enum pg_err e = custom_provider_store_impact(c->pg, c->org, c->id, &r);
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (pg_rows(r) == 0)
        not_found(c);
    else
        (void)buf_add_str(call_json(c, 200), pg_str(r, 0, 0));
    pg_result_free(r);
}

/* ---------------------------------------------------------------- judging */

static bool slug_fits(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        bool alnum = (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9');
        if (!alnum && (s.p[i] != '-' || i == 0))
            return false;
    }
    return true;
}

static bool judge_slug(struct call *c, struct str slug)
{
    bool taken = false;
    if (!slug_fits(slug))
        return input_refuse(c, "slug",
                            "give small letters, digits and hyphens, with no hyphen at the start.");
    enum pg_err e = custom_provider_store_slug_taken(c->pg, slug, &taken);
    if (e != PG_OK)
        return call_failed(c, e);
    if (taken || spelling_slug(slug).p)
        return input_refuse(c, "slug", "a provider of the catalogue goes by this name.");
    return true;
}

/* The secret too, if one is given: it must be such as the protocol can send. */
static bool judge_protocol(struct call *c, struct str protocol, struct str secret)
{
    struct custom_protocol how;
    enum pg_err e = custom_provider_store_protocol(c->pg, protocol, &how);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!how.signer[0])
        return input_refuse(c, "protocol", "there is no such protocol.");
    if (!secret.p)
        return true;
    if (!provider_key_secret_fits(secret))
        return input_refuse(c, "secret", "give printable ASCII without spaces at its ends.");
    const char *why = provider_key_secret_complaint(str_of(how.signer), secret);
    return !*why || input_refuse(c, "secret", "%s", why);
}

#define NAME_INPUT(target)                                                                         \
    {                                                                                              \
        .name = "name", .kind = INPUT_TEXT, .min = 1, .max = 100, .to = target                     \
    }
#define MODELS_INPUT(target)                                                                       \
    {                                                                                              \
        .name = "models", .kind = INPUT_ARRAY, .max = CUSTOM_MODELS_MAX, .to = target              \
    }

/* ---------------------------------------------------------------- making */

struct new_provider {
    struct custom_provider p;
    struct str secret, models;
};

static bool read_new(struct call *c, struct new_provider *n)
{
    const json_t *models = NULL;
    const struct input_row rows[] = {
        {.name = "slug",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = 63,
         .to = &n->p.slug},
        NAME_INPUT(&n->p.name),
        {.name = "protocol",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = 63,
         .to = &n->p.protocol},
        {.name = "base_url",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = 1024,
         .to = &n->p.base_url},
        {.name = "secret",
         .kind = INPUT_SECRET,
         .nullable = true,
         .min = 1,
         .max = PROVIDER_SECRET_MAX,
         .to = &n->secret},
        MODELS_INPUT(&models),
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !judge_slug(c, n->p.slug) ||
        !judge_protocol(c, n->p.protocol, n->secret) ||
        (models && !custom_models_read(c, models, &n->models)))
        return false;
    n->p.name = n->p.name.p ? n->p.name : n->p.slug;
    return own_url_judge(c, n->p.base_url);
}

static enum pg_err add_secret(struct call *c, int64_t number, struct str secret)
{
    struct uuid id;
    const struct provider_key_new k = {
        .organisation = c->org,
        .provider_id = number,
        .label = STR(""),
        .secret = secret,
        .options = STR("{}"),
        .created_by = &c->session.user,
    };
    return provider_key_add(c->app, c->pg, &k, &id);
}

static enum pg_err add(struct call *c, const struct new_provider *n, bool *there)
{
    int64_t number = 0;
    enum pg_err e = custom_provider_store_add(c->pg, &n->p, &number);
    *there = e == PG_OK && number == 0;
    if (e == PG_OK && number && n->secret.p)
        e = add_secret(c, number, n->secret);
    if (e == PG_OK && number && n->models.p)
        e = custom_provider_store_models(c->pg, c->org, n->p.id, n->models);
    return e;
}

void api_custom_providers_create(struct call *c)
{
    int64_t count = 0;
    bool there = false;
    struct str item = STR_NULL;
    struct new_provider n = {.p = {.organisation = c->org, .id = uuid_v7(clock_wall_us())}};
    if (!read_new(c, &n))
        return;
    enum pg_err e = custom_provider_store_hold(c->pg, c->org, &count);
    if (e == PG_OK && count >= PROVIDERS_MAX) {
        reply_problem(&c->reply, P_CONFLICT, NULL,
                      "An organisation has at most %d providers of its own.", PROVIDERS_MAX);
        return;
    }
    if (e == PG_OK)
        e = add(c, &n, &there);
    if (there) {
        reply_problem(&c->reply, P_CONFLICT, "slug", "slug: there is a provider of that name.");
        return;
    }
    if (e == PG_OK)
        e = call_item(c, custom_provider_store_get, n.p.id, &item);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_note(c, n.p.id, STR_NULL, item);
    (void)buf_add_str(call_json(c, 201), item);
}

/* ---------------------------------------------------------------- changing */

static void drop_json(void *json)
{
    json_decref(json);
}

/* A secret goes where it was given for: no edit sends it to another server. */
static bool judge_move(struct call *c, struct str before, struct str url)
{
    json_t *item = json_loadb(before.p, before.len, 0, NULL);
    ASSERT(item);
    arena_defer(c->arena, drop_json, item);
    struct str old = str_of(json_string_value(json_object_get(item, "base_url")));
    bool keys = json_integer_value(json_object_get(item, "provider_keys")) > 0;
    return !keys || str_eq(own_url_server(old), own_url_server(url)) ||
           input_refuse(c, "base_url",
                        "its provider keys were given for another server: delete them, change "
                        "the address, and add the new server's.");
}

static bool read_patch(struct call *c, struct custom_provider *p, struct str *models)
{
    const json_t *list = NULL;
    const struct input_row rows[] = {
        NAME_INPUT(&p->name),
        {.name = "protocol", .kind = INPUT_TEXT, .min = 1, .max = 63, .to = &p->protocol},
        {.name = "base_url", .kind = INPUT_TEXT, .min = 1, .max = 1024, .to = &p->base_url},
        MODELS_INPUT(&list),
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) ||
        (p->protocol.p && !judge_protocol(c, p->protocol, STR_NULL)) ||
        (list && !custom_models_read(c, list, models)))
        return false;
    if (p->name.p || p->protocol.p || p->base_url.p || list)
        return true;
    reply_problem(&c->reply, P_INVALID, NULL, "Give base_url, models, name or protocol.");
    return false;
}

void api_custom_providers_update(struct call *c)
{
    struct custom_provider p = {.organisation = c->org, .id = c->id};
    struct str models = STR_NULL, before = STR_NULL, after = STR_NULL;
    /* A name may resolve slowly: first, while nothing is held. */
    if (!read_patch(c, &p, &models) || (p.base_url.p && !own_url_judge(c, p.base_url)))
        return;
    enum pg_err e = custom_provider_store_lock(c->pg, c->org, c->id);
    if (e == PG_OK)
        e = call_item(c, custom_provider_store_get, c->id, &before);
    if (e == PG_OK && !before.p) {
        not_found(c);
        return;
    }
    if (e == PG_OK && p.base_url.p && !judge_move(c, before, p.base_url))
        return;
    if (e == PG_OK)
        e = custom_provider_store_patch(c->pg, &p);
    if (e == PG_OK && models.p)
        e = custom_provider_store_models(c->pg, c->org, c->id, models);
    if (e == PG_OK)
        e = call_item(c, custom_provider_store_get, c->id, &after);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_change(c, c->id, before, after);
    (void)buf_add_str(call_json(c, 200), after);
}

void api_custom_providers_delete(struct call *c)
{
    struct str before = STR_NULL;
    enum pg_err e = custom_provider_store_lock(c->pg, c->org, c->id);
    if (e == PG_OK)
        e = call_item(c, custom_provider_store_get, c->id, &before);
    if (e == PG_OK && !before.p) {
        not_found(c);
        return;
    }
    if (e == PG_OK)
        e = custom_provider_store_delete(c->pg, c->org, c->id);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_note(c, c->id, before, STR_NULL);
    call_no_content(c);
}
