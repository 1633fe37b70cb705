/* /organisations/{org}/provider-keys: list, add (sealed, never shown again), change. The others are
 * in provider_key_changes_api.c. */
#include "common/mem.h"
#include "common/provider_option.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/own_url.h"
#include "control/page.h"
#include "control/provider_key.h"
#include "control/provider_key_check.h"
#include "control/store/catalogue_store.h"
#include "control/store/custom_provider_store.h"
#include "control/store/provider_key_rotation_store.h"
#include "control/store/provider_key_store.h"

/* "position/id" of a cursor. */
static bool parse_key(struct str key, struct provider_key_filter *f)
{
    struct str position = str_cut(&key, '/');
    return key.p && str_to_i64(position, &f->after_position) && f->after_position >= 0 &&
           f->after_position <= INT32_MAX && uuid_parse(key, &f->after_id);
}

void api_provider_keys_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    struct provider_key_filter f = {.organisation = c->org};
    page_init(&page);
    const struct input_row rows[] = {PAGE_INPUT(&page)};
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_open(c, &page, 2))
        return;
    if (page.after && !parse_key(page.key[1], &f)) {
        (void)page_bad_cursor(c);
        return;
    }
    f.after_provider = page.key[0];
    f.limit = page.limit + 1;
    enum pg_err e = provider_key_store_list(c->pg, &f, &r);
    page_answer(c, &page, e, r, 2);
}

static void drop_json(void *json)
{
    json_decref(json);
}

/* Checks the options against what the provider's base URL needs, and keeps them as text. */
static bool take_options(struct call *c, const json_t *options, const struct provider_row *provider,
                         bool own_url, struct str *out)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)options, name, value)
    {
        char *field = arena_printf(c->arena, "options.%.32s", name);
        enum provider_option o = provider_option_find(str_of(name));
        if (o == OPTION_NONE)
            return input_refuse(c, field, "there is no such option.");
        if (!json_is_string(value) ||
            !provider_option_fits(o, str_make(json_string_value(value), json_string_length(value))))
            return input_refuse(c, field, "%s", provider_option_rule(o));
    }
    for (enum provider_option o = 0; o < OPTION_COUNT; o++) {
        struct str hole = str_of(arena_printf(c->arena, "{%s}", provider_option_name(o)));
        bool needed = str_find_str(str_of(provider->chat_path), hole) >= 0 ||
                      (!own_url && str_find_str(str_of(provider->base_url), hole) >= 0);
        if (needed && !json_object_get(options, provider_option_name(o)))
            return input_refuse(c, arena_printf(c->arena, "options.%s", provider_option_name(o)),
                                "this provider's address needs it.");
    }
    char *text = options ? json_dumps(options, JSON_COMPACT) : NULL;
    *out = text ? arena_str(c->arena, str_of(text)) : STR("{}");
    xfree(text);
    return true;
}

/* The models' names as the ids that are stored. */
static bool take_models(struct call *c, const json_t *models, const struct provider_row *provider,
                        struct str *out)
{
    struct pg_result *r = NULL;
    char *text = json_dumps(models, JSON_COMPACT);
    enum pg_err e = provider_key_store_models(c->pg, provider->id, str_of(text), &r);
    bool unknown = e == PG_OK && !pg_is_null(r, 0, 1);
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (unknown)
        (void)input_refuse(c, "models", "this provider does not offer " STR_FMT ".",
                           STR_ARG(pg_str(r, 0, 1)));
    else
        *out = arena_str(c->arena, pg_str(r, 0, 0));
    pg_result_free(r);
    xfree(text);
    return e == PG_OK && !unknown;
}

static bool read_new(struct call *c, struct provider_key_new *k, struct provider_row *provider,
                     bool *check)
{
    struct str slug = STR_NULL;
    const json_t *options = NULL, *models = NULL;
    const struct input_row rows[] = {
        {.name = "provider",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = 63,
         .to = &slug},
        {.name = "label", .kind = INPUT_TEXT, .max = 100, .to = &k->label},
        {.name = "secret",
         .kind = INPUT_SECRET,
         .required = true,
         .min = 1,
         .max = PROVIDER_SECRET_MAX,
         .to = &k->secret},
        {.name = "base_url",
         .kind = INPUT_TEXT,
         .nullable = true,
         .min = 1,
         .max = 1024,
         .to = &k->base_url},
        {.name = "options", .kind = INPUT_OBJECT, .to = &options},
        {.name = "models", .kind = INPUT_TEXTS, .max = PROVIDER_KEY_MODELS_MAX, .to = &models},
        {.name = "check", .kind = INPUT_BOOL, .to = check},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)))
        return false;
    if (!provider_key_secret_fits(k->secret))
        return input_refuse(c, "secret", "give printable ASCII without spaces at its ends.");
    if (k->base_url.p && !own_url_judge(c, k->base_url))
        return false;
    enum pg_err e = catalogue_store_provider(c->pg, c->org, slug, provider);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!provider->found)
        return input_refuse(c, "provider", "there is no such provider.");
    k->provider_id = provider->id;
    if (!take_options(c, options, provider, k->base_url.p, &k->options) ||
        (models && !take_models(c, models, provider, &k->models)))
        return false;
    const char *why = provider_key_secret_complaint(str_of(provider->signer), k->secret);
    return !*why || input_refuse(c, "secret", "%s", why);
}

/* A secret goes where it was given for: a server of one's own that has moved or gone since it was
 * looked up, and perhaps asked, gets none. */
static bool provider_stays(struct call *c, const struct provider_row *p)
{
    bool stays = true;
    enum pg_err e = p->own ? custom_provider_store_stays(c->pg, c->org, p->id, str_of(p->base_url),
                                                         &stays)
                           : PG_OK;
    if (e != PG_OK)
        return call_failed(c, e);
    if (!stays)
        reply_problem(&c->reply, P_CONFLICT, "provider",
                      "provider: it was changed or deleted meanwhile; look at it and try again.");
    return stays;
}

/* The new key as it is stored, and as it is answered. */
static enum pg_err store_new(struct call *c, const struct provider_key_new *k, struct str check,
                             struct uuid *id, struct str *item, struct str *shown)
{
    enum pg_err e = provider_key_add(c->app, c->pg, k, id);
    if (e == PG_OK && check.p)
        e = provider_key_rotation_store_checked(c->pg, c->org, *id, check);
    if (e == PG_OK)
        e = call_item(c, provider_key_store_get, *id, item);
    return e == PG_OK ? call_item(c, provider_key_store_show, *id, shown) : e;
}

void api_provider_keys_create(struct call *c)
{
    struct uuid id;
    bool asked = false;
    struct provider_row provider;
    struct provider_key_check check = {.json = STR_NULL};
    struct provider_key_new k = {
        .organisation = c->org, .label = STR(""), .created_by = &c->session.user};
    if (!read_new(c, &k, &provider, &asked))
        return;
    if (asked) {
        const struct provider_key_subject subject = {.provider = &provider,
                                                     .base_url = k.base_url,
                                                     .options = k.options,
                                                     .secret = k.secret};
        provider_key_check(c->app, &subject, c->arena, &check);
        if (check.outcome == CHECK_REFUSED) {
            (void)input_refuse(c, "secret", "%s", check.detail);
            return;
        }
    }
    if (!provider_stays(c, &provider))
        return;
    struct str item = STR_NULL, shown = STR_NULL;
    enum pg_err e = store_new(c, &k, check.json, &id, &item, &shown);
    if (e == PG_OK) {
        audit_note(c, id, STR_NULL, item);
        (void)buf_add_str(call_json(c, 201), shown);
    } else {
        (void)call_failed(c, e);
    }
}

/* Options and models depend on the provider of the stored key. */
static bool take_of_provider(struct call *c, struct str stored, const json_t *options,
                             const json_t *models, struct provider_key_patch *p)
{
    struct provider_row provider;
    json_t *item = json_loadb(stored.p, stored.len, 0, NULL);
    ASSERT(item);
    arena_defer(c->arena, drop_json, item);
    const char *slug = json_string_value(json_object_get(item, "provider"));
    enum pg_err e = catalogue_store_provider(c->pg, c->org, str_of(slug), &provider);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!provider.found)
        return input_refuse(c, options ? "options" : "models",
                            "the provider is no longer offered.");
    bool own_url = json_is_string(json_object_get(item, "base_url"));
    return (!options || take_options(c, options, &provider, own_url, &p->options)) &&
           (!models || take_models(c, models, &provider, &p->models));
}

void api_provider_keys_update(struct call *c)
{
    bool found = false;
    const json_t *options = NULL, *models = NULL;
    struct provider_key_patch p = {.position = -1};
    const struct input_row rows[] = {
        {.name = "disabled", .kind = INPUT_BOOL, .to = &p.disabled, .given = &p.set_disabled},
        {.name = "label", .kind = INPUT_TEXT, .max = 100, .to = &p.label},
        {.name = "position", .kind = INPUT_INT, .min = 0, .max = 10000, .to = &p.position},
        {.name = "options", .kind = INPUT_OBJECT, .to = &options},
        {.name = "models", .kind = INPUT_TEXTS, .max = PROVIDER_KEY_MODELS_MAX, .to = &models},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)))
        return;
    if (!p.set_disabled && !p.label.p && p.position < 0 && !options && !models) {
        reply_problem(&c->reply, P_INVALID, NULL,
                      "Give disabled, label, models, options or position.");
        return;
    }
    struct str before = STR_NULL, after = STR_NULL, shown = STR_NULL;
    enum pg_err e = call_item(c, provider_key_store_get, c->id, &before);
    if (e == PG_OK && before.p && (options || models) &&
        !take_of_provider(c, before, options, models, &p))
        return;
    if (e == PG_OK && before.p)
        e = provider_key_store_patch(c->pg, c->org, c->id, &p, &found);
    if (e == PG_OK)
        e = call_item(c, provider_key_store_get, c->id, &after);
    if (e == PG_OK)
        e = call_item(c, provider_key_store_show, c->id, &shown);
    if (e != PG_OK) {
        (void)call_failed(c, e);
    } else if (!found) {
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such provider key.");
    } else {
        audit_change(c, c->id, before, after);
        (void)buf_add_str(call_json(c, 200), shown);
    }
}
