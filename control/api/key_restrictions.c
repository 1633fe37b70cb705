/* Judges what an API key shall be restricted to. Job threads; names are held against the catalogue,
 * networks against themselves. The gateways read the lists anew (gateway/snapshot/permit.c): what
 * is refused here is what would never match there. */
#include "control/api/key_restrictions.h"

#include "common/address.h"
#include "common/mem.h"
#include "common/spellings.h"
#include "control/store/catalogue_name_store.h"

enum { NAME_MAX_BYTES = 200, NEAR_MAX = 6, BYTES_MAX = 20000 };

struct list {
    struct call *c;
    const char *name;
    const json_t *json;
    const struct pg_result *names; /* of the catalogue */
};

static struct str element(const struct list *l, size_t i)
{
    const json_t *e = json_array_get(l->json, i);
    return str_make(json_string_value(e), json_string_length(e));
}

static bool refuse(const struct list *l, size_t i, const char *why)
{
    return input_refuse(l->c, arena_printf(l->c->arena, "%s[%zu]", l->name, i), "%s", why);
}

/* Short strings without spaces and the like, each once. */
static bool judge_shape(const struct list *l, size_t *bytes)
{
    size_t n = json_array_size(l->json);
    for (size_t i = 0; i < n; i++) {
        if (!json_is_string(json_array_get(l->json, i)))
            return refuse(l, i, "give a string.");
        struct str s = element(l, i);
        if (s.len == 0 || s.len > NAME_MAX_BYTES)
            return refuse(l, i, "give 1 to 200 characters.");
        for (size_t at = 0; at < s.len; at++)
            if ((unsigned char)s.p[at] <= 0x20 || (unsigned char)s.p[at] >= 0x7f)
                return refuse(l, i, "spaces and other than ASCII characters are not allowed.");
        for (size_t before = 0; before < i; before++)
            if (str_eq(element(l, before), s))
                return refuse(l, i, "it is there already.");
        *bytes += s.len + 1;
    }
    return true;
}

static bool judge_network(const struct list *l, size_t i)
{
    struct address_net net;
    struct str s = element(l, i);
    if (!address_net_parse(s, &net))
        return refuse(l, i,
                      "give an address or a network, as 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32.");
    uint8_t first[16];
    memcpy(first, net.addr, sizeof first);
    for (unsigned bit = net.bits; bit < 128; bit++)
        first[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
    if (memcmp(first, net.addr, sizeof first) == 0)
        return true;
    char text[ADDRESS_TEXT_MAX];
    address_print(first, text);
    struct str length = s;
    (void)str_cut(&length, '/');
    return refuse(l, i,
                  arena_printf(l->c->arena,
                               "the address has bits beyond its prefix; did you mean %s/" STR_FMT
                               "?",
                               text, STR_ARG(length)));
}

static bool is_kind(const struct list *l, size_t row, bool provider)
{
    return str_eq(pg_str(l->names, row, 0), STR("provider")) == provider;
}

/* An open pattern is of ids, not of aliases. */
static bool known(const struct list *l, struct str name, bool provider, bool open)
{
    for (size_t row = 0; row < pg_rows(l->names); row++) {
        struct str there = pg_str(l->names, row, 1);
        if (!is_kind(l, row, provider) || (open && str_eq(pg_str(l->names, row, 0), STR("alias"))))
            continue;
        if (open ? str_starts(there, name) : str_eq(there, name))
            return true;
    }
    return false;
}

static struct str nearest(const struct list *l, struct str name, bool provider)
{
    struct str best = STR_NULL;
    unsigned least = NEAR_MAX;
    for (size_t row = 0; row < pg_rows(l->names); row++) {
        struct str there = pg_str(l->names, row, 1);
        unsigned far = is_kind(l, row, provider) ? str_distance(name, there, least) : least;
        if (far >= least)
            continue;
        least = far;
        best = there;
    }
    return least * 2 <= name.len ? best : STR_NULL; /* beyond that it is another word */
}

/* With the provider's own slug where another product's word for it stands. */
static struct str spelled(const struct list *l, struct str name)
{
    struct str rest = name;
    struct str slug = spelling_slug(str_cut(&rest, '/'));
    if (!slug.p || !rest.p)
        return name;
    return str_of(arena_printf(l->c->arena, STR_FMT "/" STR_FMT, STR_ARG(slug), STR_ARG(rest)));
}

static bool judge_name(const struct list *l, size_t i, bool provider)
{
    struct str name = element(l, i);
    bool open = !provider && str_ends(name, STR("*"));
    struct str asked = open ? str_make(name.p, name.len - 1) : name;
    const char *what = provider ? "provider" : "model";
    if (memchr(asked.p, '*', asked.len))
        return refuse(l, i,
                      provider ? "give a provider's slug." : "a `*` may only stand at the end.");
    if (known(l, asked, provider, open) ||
        (!provider && known(l, spelled(l, asked), provider, open)))
        return true;
    if (open)
        return refuse(l, i, "no model of the catalogue begins with this.");
    struct str near = nearest(l, asked, provider);
    return refuse(l, i,
                  near.p
                      ? arena_printf(l->c->arena, "there is no such %s; did you mean " STR_FMT "?",
                                     what, STR_ARG(near))
                      : arena_printf(l->c->arena, "there is no such %s.", what));
}

static bool judge_names(struct call *c, struct list *models, struct list *providers)
{
    struct pg_result *names = NULL;
    enum pg_err e = catalogue_name_store_all(c->pg, c->org, &names);
    bool good = e == PG_OK || call_failed(c, e);
    models->names = providers->names = names;
    for (size_t i = 0; good && i < json_array_size(models->json); i++)
        good = judge_name(models, i, false);
    for (size_t i = 0; good && i < json_array_size(providers->json); i++)
        good = judge_name(providers, i, true);
    pg_result_free(names);
    return good;
}

bool key_restrictions_judge(struct call *c, const struct key_restrictions_input *in)
{
    const char *lead = in->lead ? in->lead : "";
    struct list models = {
        .c = c, .name = arena_printf(c->arena, "%smodels", lead), .json = in->models};
    struct list providers = {
        .c = c, .name = arena_printf(c->arena, "%sproviders", lead), .json = in->providers};
    struct list networks = {
        .c = c, .name = arena_printf(c->arena, "%sip_ranges", lead), .json = in->ip_ranges};
    size_t bytes = 0;
    if (!judge_shape(&models, &bytes) || !judge_shape(&providers, &bytes) ||
        !judge_shape(&networks, &bytes))
        return false;
    if (bytes > BYTES_MAX)
        return input_refuse(c, models.name, "the lists are too long together.");
    for (size_t i = 0; i < json_array_size(in->ip_ranges); i++)
        if (!judge_network(&networks, i))
            return false;
    bool named = json_array_size(in->models) || json_array_size(in->providers);
    return !named || judge_names(c, &models, &providers);
}

static struct str text_of(struct call *c, const json_t *list)
{
    char *text = list ? json_dumps(list, JSON_COMPACT) : NULL;
    struct str copy = text ? arena_str(c->arena, str_of(text)) : STR_NULL;
    xfree(text);
    return copy;
}

struct api_key_restrictions key_restrictions_texts(struct call *c,
                                                   const struct key_restrictions_input *in)
{
    return (struct api_key_restrictions){
        .models = text_of(c, in->models),
        .providers = text_of(c, in->providers),
        .ip_ranges = text_of(c, in->ip_ranges),
    };
}
