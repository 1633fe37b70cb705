/* Providers, models and offers of an image. Loader thread. Knows which words of a provider row this
 * build understands; a row with another word is not served.
 */
#include <stdio.h>

#include "gateway/dialect/params.h"
#include "gateway/sign/sigv4.h"
#include "gateway/snapshot/image.h"
#include "gateway/snapshot/prices.h"
#include "gateway/snapshot/template.h"

enum { MODEL_NAME_MAX = 512 };

static bool is_header_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return s.len > 0 && s.len <= 64;
}

static bool read_header(struct str word, struct snap_provider *out)
{
    struct str prefix = STR("header:");
    if (!str_starts(word, prefix))
        return false;
    out->signer_header = str_make(word.p + prefix.len, word.len - prefix.len);
    return is_header_name(out->signer_header);
}

/* One word of a row's signers; SIGNER_COUNT if this build does not know it. */
static enum signer_kind read_signer(struct str word, struct snap_provider *out)
{
    if (str_eq(word, STR("bearer")))
        return SIGNER_BEARER;
    if (str_eq(word, STR("sigv4"))) {
        out->signer_service = STR(SIGV4_SERVICE);
        return SIGNER_SIGV4;
    }
    if (str_eq(word, STR("gcp-service-account")))
        return SIGNER_GCP;
    return read_header(word, out) ? SIGNER_HEADER : SIGNER_COUNT;
}

/* "sigv4 | bearer": either. Two that a credential's form does not tell apart make no sense. */
static bool read_signers(struct str words, struct snap_provider *out)
{
    const unsigned plain = 1u << SIGNER_BEARER | 1u << SIGNER_HEADER;
    unsigned found = 0;
    out->signer_header = out->signer_service = STR("");
    while (words.p) {
        enum signer_kind kind = read_signer(str_trim(str_cut(&words, '|')), out);
        unsigned same = kind == SIGNER_BEARER || kind == SIGNER_HEADER ? plain : ~plain;
        if (kind == SIGNER_COUNT || (found & same))
            return false;
        if (!found)
            out->signer = kind;
        found |= 1u << kind;
    }
    out->signers = (uint8_t)found;
    return true;
}

/* Words that this build does not know are those of a later one: what they ask for is not done. */
static uint32_t read_quirks(struct str words)
{
    uint32_t out = 0;
    while (words.p)
        out |= dialect_quirk_find(str_cut(&words, ','));
    return out;
}

static uint32_t read_efforts(struct str words)
{
    uint32_t out = 0;
    while (words.p) {
        enum ir_effort e = ir_effort_find(str_cut(&words, ','));
        out |= e != IR_EFFORT_UNSET ? 1u << e : 0;
    }
    return out;
}

/* Why the row is not served, or NULL; `*quiet` if that is no mistake of whoever wrote it. */
static const char *read_provider(struct builder *b, const struct provider_row *row,
                                 struct snap_provider *out, bool *quiet)
{
    const char *why = NULL;
    int64_t max_stops = params_bound(row->quirks, "max_stops");
    *out = (struct snap_provider){
        .id = (int32_t)row->id,
        .slug = row->slug,
        .name = row->name,
        .dialect = dialect_find(row->dialect),
        .max_temperature_milli = row->max_temperature_milli,
        .quirks = read_quirks(row->quirks),
        .own = row->owner.is_set,
        .max_stops = max_stops > 0 ? max_stops : 0,
    };
    *quiet = true;
    if (!out->dialect || !out->dialect->emit_request)
        return "this version does not know its dialect";
    if (!framing_find(row->framing, &out->framing))
        return "this version does not know its framing";
    if (!read_signers(row->signer, out))
        return "this version does not know its signer";
    *quiet = false;
    if (!template_check_url(row->base_url, &out->base_url, &why))
        return why;
    if (!template_split_paths(row->chat_path, b->img->arena, &out->chat_path, &out->stream_path))
        return "the chat path must begin with a slash and hold no spaces; a second one for streams, "
               "behind a bar, replaces the first one's end";
    return NULL;
}

void build_providers(struct builder *b)
{
    for (size_t i = 0; i < b->rows->n_providers; i++) {
        const struct provider_row *row = &b->rows->providers[i];
        struct provider_entry *e = ARENA_NEW(b->img->arena, struct provider_entry);
        bool quiet;
        const char *why = read_provider(b, row, &e->p, &quiet);
        if (why) {
            build_problem(b, quiet, why, "provider " STR_FMT, STR_ARG(row->slug));
            continue;
        }
        map_init(&e->names);
        e->owner = row->owner;
        (void)map_put(build_provider_map(b, &e->owner), e->p.slug, e);
        (void)map_put(&b->providers_by_id, row_key(&row->id), e);
    }
}

void build_models(struct builder *b)
{
    for (size_t i = 0; i < b->rows->n_models; i++) {
        const struct model_row *row = &b->rows->models[i];
        struct model_entry *e = ARENA_NEW(b->img->arena, struct model_entry);
        e->m = (struct snap_model){
            .id = (int32_t)row->id,
            .slug = row->slug,
            .name = row->name,
            .family = row->family,
            .released_us = row->released_us,
            .short_slug = row->slug,
        };
        e->owner = row->owner;
        if (e->owner.is_set)
            (void)str_cut(&e->m.short_slug, '/');
        (void)map_put(build_model_map(b, &e->owner), e->m.slug, e);
        (void)map_put(&b->models_by_id, row_key(&row->id), e);
    }
    for (size_t i = 0; i < b->rows->n_aliases; i++) {
        const struct alias_row *row = &b->rows->aliases[i];
        struct model_entry *e = map_get(&b->models_by_id, row_key(&row->model_id));
        if (e && !map_get(&b->img->models, row->alias))
            (void)map_put(&b->img->models, row->alias, e);
    }
}

static uint32_t read_caps(struct str words)
{
    static const struct {
        const char *word;
        uint32_t cap;
    } caps[] = {
        {"streaming", CAP_STREAMING},
        {"tools", CAP_TOOLS},
        {"vision", CAP_VISION},
        {"json_output", CAP_JSON_OUTPUT},
        {"reasoning", CAP_REASONING},
        {"json_output_schema", CAP_JSON_SCHEMA},
        {"json_schema", CAP_JSON_SCHEMA},
        {"audio", CAP_AUDIO},
        {"web_search", CAP_WEB_SEARCH},
        {"document", CAP_DOCUMENT},
        {"responses_api", CAP_RESPONSES},
        {"verbosity", CAP_VERBOSITY},
        {"embeddings", CAP_EMBEDDINGS},
        {"moderations", CAP_MODERATIONS},
        {"image_generations", CAP_IMAGES},
        {"speech_generations", CAP_SPEECH},
        {"transcriptions", CAP_TRANSCRIPTIONS},
        {"rerank", CAP_RERANK},
    };
    uint32_t out = 0;
    while (words.p) {
        struct str word = str_cut(&words, ',');
        for (size_t i = 0; i < ARRAY_LEN(caps); i++)
            if (str_eq(word, str_of(caps[i].word)))
                out |= caps[i].cap;
    }
    return out;
}

/* Rows of one offer, by time. False: what is or will be in force cannot be read (`err`; `quiet` if
 * only this version cannot). An unreadable row that another has followed already is left out. */
static bool read_prices(struct builder *b, const struct price_row *rows, size_t n,
                        struct snap_offer *out, bool *quiet, char err[160])
{
    struct price_list *lists = arena_calloc(b->img->arena, n, sizeof *lists);
    char why[128] = "";
    for (size_t i = 0; i < n; i++) {
        struct price_list *list = &lists[out->n_prices];
        bool over = i + 1 < n && rows[i + 1].effective_from_us <= b->context->now_us;
        bool good = price_list_parse(rows[i].prices, list, why);
        if (!good && !over) {
            (void)snprintf(err, 160, "its prices cannot be read: %s", why);
            *quiet = strcmp(why, prices_none_known) == 0;
            return false;
        }
        list->effective_from_us = rows[i].effective_from_us;
        out->n_prices += good;
    }
    out->prices = lists;
    return true;
}

static void add_name(struct builder *b, struct provider_entry *p, struct str name,
                     const struct snap_offer *o)
{
    struct list *offers = map_get(&p->names, name);
    if (!offers) {
        offers = ARENA_NEW(b->img->arena, struct list);
        (void)map_put(&p->names, name, offers);
    }
    list_add(b->img->arena, offers, o);
}

static struct provider_entry *entry_of(const struct snap_offer *o)
{
    return (struct provider_entry *)(uintptr_t)o->provider; /* its first member */
}

static const struct snap_offer *first_of(const struct list *offers)
{
    return offers->p[0];
}

/* Names in the order of their right: the model's slug, the provider's own name, aliases. A weaker
 * name never joins a group that a stronger one made, unless it is of the same model. */
static void add_weaker_name(struct builder *b, struct str name, const struct snap_offer *o)
{
    const struct list *there = map_get(&entry_of(o)->names, name);
    if (there && (first_of(there)->model != o->model))
        return;
    for (size_t i = 0; there && i < there->n; i++)
        if (there->p[i] == o)
            return;
    add_name(b, entry_of(o), name, o);
}

static void add_offer(struct builder *b, const struct offer_row *row,
                      const struct price_row *prices, size_t n_prices)
{
    struct provider_entry *p = map_get(&b->providers_by_id, row_key(&row->provider_id));
    struct model_entry *m = map_get(&b->models_by_id, row_key(&row->model_id));
    char err[160];
    bool quiet = false;
    if (!p || !m)
        return; /* told with the provider, or disabled */
    if (!owner_eq(&p->owner, &m->owner)) {
        build_problem(b, false, "its provider and model are not of one owner", "offer %d",
                      (int)row->id);
        return;
    }
    struct snap_offer *o = ARENA_NEW(b->img->arena, struct snap_offer);
    uint32_t caps = read_caps(row->capabilities);
    int64_t max_stops = params_bound(row->supported_parameters, "stop");
    *o = (struct snap_offer){
        .id = (int32_t)row->id,
        .provider = &p->p,
        .model = &m->m,
        .provider_model = row->provider_model,
        .region = row->region,
        .context = row->context,
        .max_output = row->max_output,
        .caps = caps,
        .efforts = read_efforts(row->reasoning_efforts),
        .lacks = params_lacking(row->supported_parameters, caps),
        .max_stops = max_stops > 0 ? max_stops : p->p.max_stops,
        .ends_at_us = row->ends_at_us,
    };
    if (row->provider_model.len == 0 || row->provider_model.len > MODEL_NAME_MAX)
        (void)snprintf(err, sizeof err, "the provider's model name is empty or too long");
    else if (read_prices(b, prices, n_prices, o, &quiet, err)) {
        list_add(b->img->arena, &m->offers, o);
        add_name(b, p, m->m.short_slug, o);
        b->img->n_offers++;
        return;
    }
    build_problem(b, quiet, err, "offer " STR_FMT "/" STR_FMT "%s" STR_FMT, STR_ARG(p->p.slug),
                  STR_ARG(m->m.slug), row->region.len ? ":" : "", STR_ARG(row->region));
}

static void name_offers(struct builder *b, struct model_entry *m, struct str alias)
{
    for (size_t i = 0; i < m->offers.n; i++) {
        const struct snap_offer *o = m->offers.p[i];
        add_weaker_name(b, alias.p ? alias : o->provider_model, o);
    }
}

void build_offers(struct builder *b)
{
    const struct config_rows *rows = b->rows;
    size_t at = 0;
    for (size_t i = 0; i < rows->n_offers; i++) {
        const struct offer_row *row = &rows->offers[i];
        while (at < rows->n_prices && rows->prices[at].offer_id < row->id)
            at++;
        size_t end = at;
        while (end < rows->n_prices && rows->prices[end].offer_id == row->id)
            end++;
        add_offer(b, row, end > at ? rows->prices + at : NULL, end - at);
        at = end;
    }
    for (size_t i = 0; i < rows->n_models; i++) /* by rows: who wins must not depend on a seed */
        name_offers(b, map_get(&b->models_by_id, row_key(&rows->models[i].id)), STR_NULL);
    for (size_t i = 0; i < rows->n_aliases; i++) {
        const struct alias_row *row = &rows->aliases[i];
        struct model_entry *m = map_get(&b->models_by_id, row_key(&row->model_id));
        if (m && map_get(&b->img->models, row->alias) == m) /* no other model's slug */
            name_offers(b, m, row->alias);
    }
    map_for_each (&b->models_by_id, slot) {
        struct model_entry *m = slot->value;
        m->m.offers = (const struct snap_offer **)(void *)m->offers.p;
        m->m.n_offers = m->offers.n;
    }
}
