/* /instance/offers and /instance/models: the catalogue as its operator sees it. What they lay over
 * a price or a switch holds whatever an import says.
 */
#include "common/mem.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/catalogue/row.h"
#include "control/page.h"
#include "control/store/offer_override_store.h"

static const char *const only_words[] = {"all", "overridden", "off", NULL};

void api_instance_offers_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    struct offer_filter f = {0};
    int only = OFFER_ALL;
    page_init(&page);
    const struct input_row rows[] = {
        {.name = "q", .kind = INPUT_TEXT, .max = 200, .to = &f.q},
        {.name = "provider", .kind = INPUT_TEXT, .max = 63, .to = &f.provider},
        {.name = "only", .kind = INPUT_WORD, .words = only_words, .to = &only},
        PAGE_INPUT(&page),
    };
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_open(c, &page, 2))
        return;
    f.only = (enum offer_only)only;
    f.model = page.key[0];
    f.place = page.key[1];
    f.limit = page.limit + 1;
    enum pg_err e = offer_override_store_list(c->pg, &f, &r);
    page_answer(c, &page, e, r, 2);
}

/* A price list as the catalogue keeps it, in the arena; NULL p after writing 422. */
static struct str read_price(struct call *c, const json_t *price)
{
    struct document d;
    struct str text = STR_NULL;
    document_init(&d);
    json_t *list = row_price_list(&d, "price", price);
    if (!list) {
        struct str why = str_trim(buf_str(&d.refused));
        (void)str_cut(&why, ' ');
        (void)input_refuse(c, "price", "%.*s.", STR_ARG(why));
    } else if (json_object_size(list) == 0) {
        (void)input_refuse(c, "price", "give at least one price, or null.");
    } else {
        char *dump = json_dumps(list, JSON_COMPACT | JSON_SORT_KEYS);
        text = arena_str(c->arena, str_of(dump));
        xfree(dump);
    }
    json_decref(list);
    document_fini(&d);
    return text;
}

/* Answers with the thing as it is after the change, or with what went wrong. */
static void finish(struct call *c, enum pg_err e, struct str before, struct str after)
{
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_change(c, c->id, before, after);
    (void)buf_add_str(call_json(c, 200), after);
}

/* False after writing what is wrong. */
static bool read_override(struct call *c, struct offer_override *o)
{
    static const char *const words[] = {"off", "on", "catalogue", NULL};
    static const bool states[] = {false, true};
    const json_t *price = NULL;
    int word = 0;
    const struct input_row rows[] = {
        {.name = "switch",
         .kind = INPUT_WORD,
         .words = words,
         .to = &word,
         .given = &o->set_enabled},
        {.name = "price",
         .kind = INPUT_OBJECT,
         .nullable = true,
         .to = &price,
         .given = &o->set_prices},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)))
        return false;
    if (!o->set_enabled && !o->set_prices) {
        reply_problem(&c->reply, P_INVALID, NULL, "Give switch or price.");
        return false;
    }
    o->enabled = word < 2 ? &states[word] : NULL;
    return !price || (o->prices = read_price(c, price)).p;
}

void api_instance_offers_update(struct call *c)
{
    struct str before = STR_NULL, after = STR_NULL;
    struct offer_override o = {0};
    if (!read_override(c, &o))
        return;
    enum pg_err e = call_item(c, offer_override_store_get, c->id, &before);
    if (e == PG_OK && !before.p) {
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such offer.");
        return;
    }
    if (e == PG_OK)
        e = offer_override_store_put(c->pg, c->id, &o);
    if (e == PG_OK)
        e = call_item(c, offer_override_store_get, c->id, &after);
    finish(c, e, before, after);
}

void api_instance_models_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    struct str q = STR_NULL;
    page_init(&page);
    const struct input_row rows[] = {
        {.name = "q", .kind = INPUT_TEXT, .max = 200, .to = &q},
        PAGE_INPUT(&page),
    };
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_open(c, &page, 1))
        return;
    enum pg_err e = offer_override_store_models(c->pg, q, page.key[0], page.limit + 1, &r);
    page_answer(c, &page, e, r, 1);
}

void api_instance_models_update(struct call *c)
{
    struct str before = STR_NULL, after = STR_NULL;
    bool enabled = false;
    const struct input_row rows[] = {
        {.name = "enabled", .kind = INPUT_BOOL, .required = true, .to = &enabled}};
    if (!input_body(c, rows, ARRAY_LEN(rows)))
        return;
    enum pg_err e = call_item(c, offer_override_store_model, c->id, &before);
    if (e == PG_OK && !before.p) {
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such model.");
        return;
    }
    if (e == PG_OK)
        e = offer_override_store_switch(c->pg, c->id, enabled);
    if (e == PG_OK)
        e = call_item(c, offer_override_store_model, c->id, &after);
    finish(c, e, before, after);
}
