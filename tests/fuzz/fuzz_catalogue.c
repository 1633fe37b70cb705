/* Catalogue files: the first byte picks the format. Every row that is taken has the members that
 * the import relies on; every price is plain decimal text.
 */
#include "common/money.h"
#include "control/catalogue/decimal_json.h"
#include "control/catalogue/document.h"
#include "tests/fuzz/fuzz.h"

static void check_texts(const json_t *rows, const char *const *names)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        for (const char *const *name = names; *name; name++)
            ASSERT(json_is_string(json_object_get(row, *name)));
    }
}

static void check_prices(const json_t *offers)
{
    size_t i;
    json_t *row, *value;
    const char *name;
    struct price p;
    json_array_foreach(offers, i, row)
    {
        json_object_foreach(json_object_get(row, "price"), name, value)
        {
            if (json_is_string(value))
                ASSERT(price_parse(str_of(json_string_value(value)), &p));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const providers[] = {"slug", "name", "base_url", "dialect", "signer", NULL};
    static const char *const models[] = {"slug", "name", NULL};
    static const char *const offers[] = {"provider", "model", "provider_model", "region", NULL};
    struct document d;
    char err[256] = "";
    if (size == 0 || size > 1 << 18)
        return 0;
    struct str text = str_make((const char *)data + 1, size - 1);
    document_init(&d);
    bool ok = data[0] & 1 ? models_dev_read(&d, text, err) : doteb_format_read(&d, text, err);
    ASSERT(ok || err[0] != '\0');
    check_texts(d.providers, providers);
    check_texts(d.models, models);
    check_texts(d.offers, offers);
    check_prices(d.offers);
    document_fini(&d);
    (void)models_dev_looks_like(text);
    return 0;
}
