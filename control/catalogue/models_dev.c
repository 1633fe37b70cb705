/* Reads models.dev's api.json: {provider: {id, name, npm, api, doc, models: {id: {...}}}}, with
 * costs in USD per million tokens. Its rows are marked `merge`: where the catalogue knows a
 * provider, model or offer already, only limits and the prices it names are taken over. Command
 * line only.
 */
#include <stdio.h>

#include "control/base_url.h"
#include "control/catalogue/decimal_json.h"
#include "control/catalogue/document.h"

enum { WHERE_BYTES = 400, ERR_BYTES = 256, PER_MILLION = -6, TIERS_MAX = 7, NOISE_FROM = 9 };

/* Providers whose id here differs. */
static const struct {
    const char *theirs, *ours;
} provider_ids[] = {
    {"google", "google-ai-studio"}, {"amazon-bedrock", "aws-bedrock"},
    {"togetherai", "together-ai"},  {"fireworks-ai", "fireworks-ai"},
    {"moonshotai", "moonshot"},     {"zai", "zai"},
};

/* How a provider speaks, by the client package it names. */
static const struct {
    const char *npm, *dialect, *signer, *path;
} interfaces[] = {
    {"@ai-sdk/openai-compatible", "openai", "bearer", "/chat/completions"},
    {"@ai-sdk/openai", "openai", "bearer", "/chat/completions"},
    {"@openrouter/ai-sdk-provider", "openai", "bearer", "/chat/completions"},
    {"@ai-sdk/anthropic", "anthropic", "header:x-api-key", "/messages"},
};

static const struct {
    const char *theirs, *ours;
} costs[] = {
    {"input", "input"},
    {"output", "output"},
    {"cache_read", "cached_input"},
    {"cache_write", "cache_write_5m"},
    {"reasoning", "reasoning"},
    {"input_audio", "audio_input"},
    {"output_audio", "audio_output"},
};

struct provider {
    const char *id, *slug, *npm;
};

static const char *text(const json_t *from, const char *name)
{
    const json_t *v = json_object_get(from, name);
    return json_is_string(v) && !decimal_json_number(v).p ? json_string_value(v) : "";
}

static bool has(const json_t *from, const char *list, const char *word)
{
    size_t i;
    json_t *v;
    json_array_foreach(json_object_get(json_object_get(from, "modalities"), list), i, v)
    {
        if (json_is_string(v) && strcmp(json_string_value(v), word) == 0)
            return true;
    }
    return false;
}

static const char *our_provider(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(provider_ids); i++)
        if (strcmp(provider_ids[i].theirs, id) == 0)
            return provider_ids[i].ours;
    return id;
}

static bool read_provider(struct document *d, const struct provider *p, const json_t *from)
{
    const char *dialect = "unknown", *signer = "bearer", *path = "", *api = text(from, "api");
    for (size_t i = 0; i < ARRAY_LEN(interfaces); i++)
        if (strcmp(interfaces[i].npm, p->npm) == 0) {
            dialect = interfaces[i].dialect;
            signer = interfaces[i].signer;
            path = interfaces[i].path;
        }
    /* Addresses with shell variables in them, and none at all: the row says so by an empty one. */
    if (*base_url_complaint(str_of(api), NULL))
        api = "";
    const char *name = text(from, "name");
    return json_array_append_new(d->providers,
                                 json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "slug",
                                           p->slug, "name", *name ? name : p->id, "base_url", api,
                                           "dialect", dialect, "framing", "sse", "signer", signer,
                                           "chat_path", path, "website", text(from, "doc"), "merge",
                                           1)) == 0;
}

/* models.dev's numbers come out of doubles, some after a division: 0.09999999999999999. What lies
 * beyond 9 decimals of a USD per million (a femto-dollar a token) is noise, rounded half up. Plain
 * decimals only; others stay as they are. */
static struct str round_noise(struct str s, char out[48])
{
    ptrdiff_t dot = str_find(s, '.');
    size_t keep = (size_t)dot + 1 + NOISE_FROM;
    if (dot < 1 || s.len <= keep || s.len >= 40 || str_find(s, 'e') >= 0 || str_find(s, 'E') >= 0)
        return s;
    (void)snprintf(out, 48, "0%.*s", (int)keep, s.p); /* a digit for the carry */
    bool carry = s.p[keep] >= '5';
    for (size_t i = keep + 1; carry && i-- > 0;) {
        if (out[i] == '.')
            continue;
        carry = out[i] == '9';
        out[i] = (char)(carry ? '0' : out[i] + 1);
    }
    return str_of(out);
}

/* The kinds of one level of `cost` into `out`. False: one is no price. */
static bool add_costs(const json_t *cost, json_t *out)
{
    for (size_t i = 0; i < ARRAY_LEN(costs); i++) {
        const json_t *v = json_object_get(cost, costs[i].theirs);
        if (!v || json_is_null(v))
            continue;
        char text_out[48];
        struct str number = decimal_json_number(v);
        json_t *price = price_json(number.p ? round_noise(number, text_out) : number, PER_MILLION);
        if (!price)
            return false;
        (void)json_object_set_new(out, costs[i].ours, price);
    }
    return true;
}

/* "context_over_200k" to 200000; 0: another name. */
static int64_t threshold_of(const char *name)
{
    int64_t n = 0;
    struct str s = str_of(name);
    if (!str_starts(s, STR("context_over_")))
        return 0;
    s = str_make(s.p + 13, s.len - 13);
    int64_t unit = str_ends(s, STR("k")) ? 1000 : str_ends(s, STR("m")) ? 1000000 : 1;
    s.len -= unit > 1;
    return str_to_i64(s, &n) && n > 0 && n < 1000000000 ? n * unit : 0;
}

struct threshold {
    int64_t over;
    const json_t *cost;
};

static size_t collect(const json_t *cost, struct threshold out[TIERS_MAX])
{
    size_t n = 0;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)cost, name, value)
    {
        int64_t over = threshold_of(name);
        if (over == 0 || n == TIERS_MAX || !json_is_object(value))
            continue;
        size_t at = n++;
        for (; at > 0 && out[at - 1].over > over; at--)
            out[at] = out[at - 1];
        out[at] = (struct threshold){over, value};
    }
    return n;
}

/* Tiers: the base up to the first threshold, then each level up to the next. */
static bool add_tiers(const json_t *cost, const json_t *base, json_t *out)
{
    struct threshold level[TIERS_MAX];
    size_t n = collect(cost, level);
    if (n == 0)
        return true;
    json_t *tiers = json_array();
    (void)json_object_set_new(out, "tiers", tiers);
    for (size_t i = 0; i <= n; i++) {
        json_t *tier = json_deep_copy(base);
        (void)json_array_append_new(tiers, tier);
        (void)json_object_set_new(tier, "up_to_tokens",
                                  i < n ? json_integer(level[i].over) : json_null());
        if (i > 0 && !add_costs(level[i - 1].cost, tier))
            return false;
    }
    return true;
}

/* Owned; an empty object without a cost, NULL if one is no price. */
static json_t *price_of(const json_t *model)
{
    const json_t *cost = json_object_get(model, "cost");
    json_t *out = json_object(), *base = json_object();
    bool ok = add_costs(cost, out) && add_costs(cost, base) && add_tiers(cost, base, out);
    json_decref(base);
    if (ok)
        return out;
    json_decref(out);
    return NULL;
}

static json_t *capabilities_of(const json_t *model)
{
    json_t *out = json_array();
    const struct {
        const char *word;
        bool there;
    } words[] = {
        {"streaming", has(model, "output", "text")},
        {"tools", json_is_true(json_object_get(model, "tool_call"))},
        {"reasoning", json_is_true(json_object_get(model, "reasoning"))},
        {"vision", has(model, "input", "image")},
        {"audio", has(model, "input", "audio")},
        {"document", has(model, "input", "pdf")},
        {"json_output", json_is_true(json_object_get(model, "structured_output"))},
        {"json_output_schema", json_is_true(json_object_get(model, "structured_output"))},
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (words[i].there)
            (void)json_array_append_new(out, json_string(words[i].word));
    return out;
}

/* The slug a new model of this id gets: the last part of a path, in lower case. */
static bool slug_of(const char *id, char out[201])
{
    const char *slash = strrchr(id, '/');
    struct str s = str_of(slash ? slash + 1 : id);
    if (s.len == 0 || s.len > 200)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        bool upper = c >= 'A' && c <= 'Z', other = c == ':' || c == '@' || c == ' ' || c == '+';
        out[i] = (char)(upper ? c - 'A' + 'a' : other ? '-' : c);
    }
    out[s.len] = '\0';
    return slug_is_model(str_of(out));
}

static void set_limit(json_t *row, const char *name, const json_t *limit, const char *theirs)
{
    int64_t n;
    if (decimal_json_integer(json_object_get(limit, theirs), &n) && n > 0)
        (void)json_object_set_new(row, name, json_integer(n));
}

static json_t *output_of(const json_t *model)
{
    json_t *out = json_object_get(json_object_get(model, "modalities"), "output");
    return json_is_array(out) && json_array_size(out) > 0 ? json_deep_copy(out)
                                                          : json_pack("[s]", "text");
}

static void add_model(struct document *d, const char *slug, const char *name, const json_t *from)
{
    const char *date = text(from, "release_date");
    json_t *row = json_pack("{s:s, s:s, s:s, s:o, s:b}", "slug", slug, "name", *name ? name : slug,
                            "family", text(from, "family"), "output", output_of(from), "merge", 1);
    if (strlen(date) == 10 && date[4] == '-' && date[7] == '-')
        (void)json_object_set_new(row, "released_at", json_string(date));
    (void)json_array_append_new(d->models, row);
}

static bool read_model(struct document *d, const struct provider *p, const char *id,
                       const json_t *from)
{
    char slug[201], where[WHERE_BYTES];
    const char *npm = text(json_object_get(from, "provider"), "npm");
    const json_t *limit = json_object_get(from, "limit");
    (void)snprintf(where, sizeof where, "%.64s/%.256s", p->id, id);
    if (!json_is_object(from))
        return document_refuse(d, where, "expected an object");
    if (strlen(id) > 256 || !slug_of(id, slug))
        return document_refuse(d, where, "its id cannot be a model's name here");
    if (*npm && strcmp(npm, p->npm) != 0)
        return document_refuse(d, where,
                               "it is spoken to in another way (%.100s) than its provider", npm);
    json_t *price = price_of(from);
    if (!price)
        return document_refuse(d, where, "a cost is no price in USD per million tokens");
    const char *status = text(from, "status");
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:{}, s:b}", "provider",
                            p->slug, "model", slug, "their_id", id, "region", "", "provider_model",
                            id, "capabilities", capabilities_of(from), "price", price, "stability",
                            *status && strcmp(status, "deprecated") != 0 ? "unstable" : "", "extra",
                            "merge", 1);
    set_limit(row, "context", limit, "context");
    set_limit(row, "max_output", limit, "output");
    (void)json_array_append_new(d->offers, row);
    add_model(d, slug, text(from, "name"), from);
    return true;
}

bool models_dev_looks_like(struct str text_in)
{
    char err[ERR_BYTES];
    const char *name;
    json_t *value, *root = decimal_json_parse(text_in, err);
    bool yes = json_is_object(root) && json_object_size(root) > 0;
    json_object_foreach(yes ? root : NULL, name, value)
    {
        yes = yes && json_is_object(json_object_get(value, "models"));
    }
    json_decref(root);
    return yes;
}

bool models_dev_read(struct document *d, struct str text_in, char err[256])
{
    const char *id, *model_id;
    json_t *from, *model, *root = decimal_json_parse(text_in, err);
    bool ok = json_is_object(root);
    if (root && !ok)
        (void)snprintf(err, ERR_BYTES, "expected an object of providers");
    json_object_foreach(ok ? root : NULL, id, from)
    {
        const struct provider p = {id, our_provider(id), text(from, "npm")};
        if (!slug_is_provider(str_of(p.slug)) || !json_is_object(json_object_get(from, "models"))) {
            (void)document_refuse(d, id,
                                  "its id cannot be a provider's name here, or it has no models");
            continue;
        }
        (void)read_provider(d, &p, from);
        json_object_foreach(json_object_get(from, "models"), model_id, model)(void)
            read_model(d, &p, model_id, model);
    }
    json_decref(root);
    return ok;
}
