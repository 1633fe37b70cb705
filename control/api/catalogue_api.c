/* /api/v1/providers and /api/v1/models: the catalogue, the same for everybody. */
#include "control/api/api.h"
#include "control/page.h"
#include "control/store/catalogue_store.h"

void api_providers_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    page_init(&page);
    const struct input_row rows[] = {PAGE_INPUT(&page)};
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_open(c, &page, 1))
        return;
    enum pg_err e = catalogue_store_providers(c->pg, page.key[0], page.limit + 1, &r);
    page_answer(c, &page, e, r, 1);
}

void api_models_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    struct model_filter f = {0};
    page_init(&page);
    const struct input_row rows[] = {
        {.name = "q", .kind = INPUT_TEXT, .max = 200, .to = &f.q},
        {.name = "provider", .kind = INPUT_TEXT, .max = 63, .to = &f.provider},
        {.name = "capability", .kind = INPUT_TEXT, .max = 63, .to = &f.capability},
        PAGE_INPUT(&page),
    };
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_open(c, &page, 1))
        return;
    f.after = page.key[0];
    f.limit = page.limit + 1;
    enum pg_err e = catalogue_store_models(c->pg, &f, &r);
    page_answer(c, &page, e, r, 1);
}
