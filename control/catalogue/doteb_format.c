/* Reads the project's own catalogue format (catalogue/README.md): {"providers": [...], "models":
 * [...]}, either may be missing. Command line only.
 */
#include <stdio.h>

#include "control/base_url.h"
#include "control/catalogue/decimal_json.h"
#include "control/catalogue/document.h"
#include "control/catalogue/row.h"

enum { WHERE_BYTES = 320, ERR_BYTES = 256 };

static const struct row_member provider_members[] = {
    {.name = "id", .kind = ROW_SLUG_P, .required = true, .as = "slug"},
    {.name = "name", .kind = ROW_TEXT, .required = true, .max = 200},
    {.name = "base_url", .kind = ROW_TEXT, .required = true, .max = 1024},
    {.name = "dialect", .kind = ROW_TEXT, .required = true, .max = 64},
    {.name = "framing", .kind = ROW_TEXT, .max = 64},
    {.name = "signer", .kind = ROW_TEXT, .required = true, .max = 128},
    {.name = "chat_path", .kind = ROW_TEXT, .required = true, .max = 256},
    {.name = "website", .kind = ROW_TEXT, .max = 1024},
    {.name = "status_page", .kind = ROW_TEXT, .max = 1024},
    {.name = "headquarters", .kind = ROW_TEXT, .max = 64},
    {.name = "max_temperature", .kind = ROW_NUMBER},
    {.name = "data_policy", .kind = ROW_OBJECT},
    {.name = "quirks", .kind = ROW_OBJECT},
};

static const struct row_member model_members[] = {
    {.name = "id", .kind = ROW_SLUG_M, .required = true, .as = "slug"},
    {.name = "name", .kind = ROW_TEXT, .required = true, .max = 200},
    {.name = "family", .kind = ROW_TEXT, .max = 64},
    {.name = "released_at", .kind = ROW_DATE},
    {.name = "output", .kind = ROW_TEXTS},
    {.name = "aliases", .kind = ROW_OTHER},
    {.name = "offers", .kind = ROW_OTHER, .required = true},
};

static const struct row_member offer_members[] = {
    {.name = "provider", .kind = ROW_SLUG_P, .required = true},
    {.name = "provider_model", .kind = ROW_TEXT, .required = true, .max = 256},
    {.name = "price", .kind = ROW_OTHER},
    {.name = "context", .kind = ROW_INT},
    {.name = "max_output", .kind = ROW_INT},
    {.name = "capabilities", .kind = ROW_TEXTS},
    {.name = "reasoning_efforts", .kind = ROW_TEXTS},
    {.name = "supported_parameters", .kind = ROW_TEXTS},
    {.name = "stability", .kind = ROW_TEXT, .max = 64},
    {.name = "deprecated_at", .kind = ROW_TIME},
    {.name = "ends_at", .kind = ROW_TIME},
    {.name = "quantization", .kind = ROW_EXTRA},
    {.name = "service_tiers", .kind = ROW_EXTRA},
    {.name = "min_cacheable_tokens", .kind = ROW_EXTRA},
    {.name = "regions", .kind = ROW_OTHER},
};

static const struct row_member region_members[] = {
    {.name = "id", .kind = ROW_SLUG_P, .required = true, .as = "region"},
    {.name = "price", .kind = ROW_OTHER},
};

static void read_provider(struct document *d, const char *where, const json_t *from)
{
    json_t *row = json_object();
    const char *why = "";
    bool ok = row_read(d, where, from, provider_members, ARRAY_LEN(provider_members), row);
    const char *url = json_string_value(json_object_get(row, "base_url"));
    /* A template's braces stand for words; the rest must be a URL. */
    if (ok && !strchr(url, '{'))
        why = base_url_complaint(str_of(url), NULL);
    if (ok && *why)
        ok = document_refuse(d, where, "`base_url`: %s", why);
    if (ok)
        (void)json_array_append(d->providers, row);
    json_decref(row);
}

/* One row a region, beside the one without: its own price, or the offer's. */
static bool read_regions(struct document *d, const char *where, const json_t *regions,
                         const json_t *offer)
{
    size_t i;
    json_t *region;
    if (!json_is_array(regions))
        return document_refuse(d, where, "`regions` must be an array");
    json_array_foreach(regions, i, region)
    {
        json_t *row = json_deep_copy(offer), *price = json_object_get(region, "price");
        bool ok = row_read(d, where, region, region_members, ARRAY_LEN(region_members), row);
        if (ok && price)
            ok = json_object_set_new(row, "price", row_price_list(d, where, price)) == 0;
        if (ok)
            (void)json_array_append(d->offers, row);
        json_decref(row);
    }
    return true;
}

static void read_offer(struct document *d, const char *where, const char *model, const json_t *from)
{
    json_t *row = json_pack("{s:s, s:s, s:{}}", "model", model, "region", "", "extra");
    const json_t *price = json_object_get(from, "price"),
                 *regions = json_object_get(from, "regions");
    bool ok = row_read(d, where, from, offer_members, ARRAY_LEN(offer_members), row);
    if (ok && price && !json_is_null(price)) /* set_new refuses NULL: the list was refused */
        ok = json_object_set_new(row, "price", row_price_list(d, where, price)) == 0;
    if (ok)
        (void)json_array_append(d->offers, row);
    if (ok && regions && !json_is_null(regions))
        (void)read_regions(d, where, regions, row);
    json_decref(row);
}

static void read_aliases(struct document *d, const char *where, const char *model,
                         const json_t *aliases)
{
    size_t i;
    json_t *alias;
    json_array_foreach(aliases, i, alias)
    {
        const char *text = json_string_value(alias);
        if (!text || !*text || strlen(text) > 200 || decimal_json_number(alias).p)
            (void)document_refuse(d, where, "an alias is no string of 1 to 200 bytes");
        else
            (void)json_array_append_new(d->aliases,
                                        json_pack("{s:s, s:s}", "alias", text, "model", model));
    }
}

static void read_model(struct document *d, const char *where, const json_t *from)
{
    char at[WHERE_BYTES];
    size_t i;
    json_t *offer, *row = json_object();
    if (row_read(d, where, from, model_members, ARRAY_LEN(model_members), row)) {
        const char *slug = json_string_value(json_object_get(row, "slug"));
        (void)json_array_append(d->models, row);
        read_aliases(d, where, slug, json_object_get(from, "aliases"));
        json_array_foreach(json_object_get(from, "offers"), i, offer)
        {
            const char *provider = json_string_value(json_object_get(offer, "provider"));
            (void)snprintf(at, sizeof at, "model %.200s at %.64s", slug, provider ? provider : "?");
            read_offer(d, at, slug, offer);
        }
    }
    json_decref(row);
}

typedef void read_fn(struct document *d, const char *where, const json_t *from);

static void read_list(struct document *d, const json_t *list, const char *what, read_fn *read)
{
    char where[WHERE_BYTES];
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        const char *id = json_string_value(json_object_get(item, "id"));
        (void)snprintf(where, sizeof where, "%s %zu (%.200s)", what, i + 1, id ? id : "?");
        read(d, where, item);
    }
}

bool doteb_format_read(struct document *d, struct str text, char err[256])
{
    const char *name;
    json_t *value, *root = decimal_json_parse(text, err);
    bool ok = root && json_is_object(root);
    if (root && !ok)
        (void)snprintf(err, ERR_BYTES, "expected an object with `providers` or `models`");
    json_object_foreach(ok ? root : NULL, name, value)
    {
        bool known = strcmp(name, "providers") == 0 || strcmp(name, "models") == 0;
        if (!known || !json_is_array(value)) {
            (void)snprintf(err, ERR_BYTES,
                           known ? "`%.64s` must be an array"
                                 : "there is no member `%.64s` in a catalogue",
                           name);
            ok = false;
        }
    }
    if (ok) {
        read_list(d, json_object_get(root, "providers"), "provider", read_provider);
        read_list(d, json_object_get(root, "models"), "model", read_model);
    }
    json_decref(root);
    return ok;
}
