/* /organisations/{org}/provider-keys: the order in which a provider's keys are tried, and deleting
 * one. */
#include "common/mem.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/input.h"
#include "control/store/catalogue_store.h"
#include "control/store/provider_key_store.h"

enum { KEYS_MAX = 500 };

void api_provider_keys_delete(struct call *c)
{
    struct str before = STR_NULL;
    enum pg_err e = call_item(c, provider_key_store_get, c->id, &before);
    if (e == PG_OK && !before.p) {
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such provider key.");
        return;
    }
    if (e == PG_OK)
        e = provider_key_store_delete(c->pg, c->org, c->id);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_note(c, c->id, before, STR_NULL);
    call_no_content(c);
}

static bool read_order(struct call *c, struct str *provider, struct str *ids)
{
    const json_t *list = NULL;
    const struct input_row rows[] = {
        {.name = "provider",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = 63,
         .to = provider},
        {.name = "ids",
         .kind = INPUT_TEXTS,
         .required = true,
         .min = 1,
         .max = KEYS_MAX,
         .to = &list},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct uuid id;
        if (!uuid_parse(str_of(json_string_value(json_array_get(list, i))), &id))
            return input_refuse(c, "ids", "give UUIDs.");
    }
    char *text = json_dumps(list, JSON_COMPACT);
    *ids = arena_str(c->arena, str_of(text));
    xfree(text);
    return true;
}

/* {"provider", "ids"} as they are. */
static enum pg_err current(struct call *c, const struct provider_row *p, struct str slug,
                           struct str *out)
{
    struct pg_result *r = NULL;
    enum pg_err e = provider_key_store_ids(c->pg, c->org, p->id, &r);
    if (e == PG_OK)
        *out = str_of(arena_printf(c->arena, "{\"provider\":\"" STR_FMT "\",\"ids\":" STR_FMT "}",
                                   STR_ARG(slug), STR_ARG(pg_str(r, 0, 0))));
    pg_result_free(r);
    return e;
}

void api_provider_keys_order(struct call *c)
{
    bool done = false;
    struct provider_row provider;
    struct str slug, ids, before = STR_NULL, after = STR_NULL;
    if (!read_order(c, &slug, &ids))
        return;
    enum pg_err e = catalogue_store_provider(c->pg, c->org, slug, &provider);
    if (e == PG_OK && !provider.found) {
        (void)input_refuse(c, "provider", "there is no such provider.");
        return;
    }
    if (e == PG_OK)
        e = current(c, &provider, slug, &before);
    if (e == PG_OK)
        e = provider_key_store_order(c->pg, c->org, provider.id, ids, &done);
    if (e == PG_OK)
        e = current(c, &provider, slug, &after);
    if (e != PG_OK) {
        (void)call_failed(c, e);
    } else if (!done) {
        (void)input_refuse(c, "ids", "name each of your keys of this provider once.");
    } else {
        audit_change(c, c->org, before, after);
        (void)buf_add_str(call_json(c, 200), after);
    }
}
