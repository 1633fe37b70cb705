/* Judges models of an organisation's own provider, field by field. Job threads; pure but for the
 * call's reply and arena.
 */
#include "control/custom_model.h"

#include "common/mem.h"
#include "control/input.h"

enum {
    ID_MAX = 128,
    NAME_MAX_BYTES = 200,
    UPSTREAM_MAX = 256,
    TOKENS_MAX = 100000000,
    WHOLE_MAX = 6, /* digits of a price, before and after the point: together within pico-dollars */
    FRACTION_MAX = 6,
};

/* What the gateways know to ask of a model (gateway/snapshot/build_catalogue.c); the first of them
 * are what servers of this kind have. */
static const char *const capabilities[] = {
    "streaming", "tools", "json_output", "json_output_schema", "vision", "reasoning", "embeddings",
};
enum { USUAL = 4 };

struct reader {
    struct call *c;
    size_t at;
    const json_t *from;
    json_t *to;
};

static bool refuse(const struct reader *r, const char *field, const char *why)
{
    return input_refuse(
        r->c, arena_printf(r->c->arena, "models[%zu]%s%s", r->at, *field ? "." : "", field), "%s",
        why);
}

static struct str text_of(const json_t *v)
{
    return str_make(json_string_value(v), json_string_length(v));
}

static bool is_plain(struct str s, size_t max)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return false;
    return s.len > 0 && s.len <= max;
}

static bool fits_id(struct str s)
{
    static const char others[] = "._:/@+-";
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && (c == '\0' || !strchr(others, c)))
            return false;
    }
    return s.len > 0 && s.len <= ID_MAX && s.p[0] != '/' && s.p[s.len - 1] != '/';
}

static void put(const struct reader *r, const char *name, const json_t *v)
{
    ASSERT(json_object_set(r->to, name, (json_t *)(uintptr_t)v) == 0);
}

static bool read_names(const struct reader *r)
{
    const json_t *upstream = json_object_get(r->from, "upstream_id");
    const json_t *id = json_object_get(r->from, "id"), *name = json_object_get(r->from, "name");
    if (!json_is_string(upstream) || !is_plain(text_of(upstream), UPSTREAM_MAX))
        return refuse(r, "upstream_id",
                      "give the server's name for the model, 1 to 256 bytes without control "
                      "characters.");
    if (!id || json_is_null(id))
        id = upstream;
    if (!json_is_string(id) || !fits_id(text_of(id)))
        return refuse(r, "id",
                      "give 1 to 128 letters, digits and . _ : / @ + -, with no slash at the ends "
                      "(without an id it is the server's name for the model).");
    if (!name || json_is_null(name) || (json_is_string(name) && json_string_length(name) == 0))
        name = id;
    if (!json_is_string(name) || !is_plain(text_of(name), NAME_MAX_BYTES))
        return refuse(r, "name", "give 1 to 200 bytes without control characters.");
    put(r, "id", id);
    put(r, "upstream_id", upstream);
    put(r, "name", name);
    return true;
}

static bool read_tokens(const struct reader *r, const char *field)
{
    const json_t *v = json_object_get(r->from, field);
    if (!v || json_is_null(v))
        return true;
    if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > TOKENS_MAX)
        return refuse(r, field, "give 1 to 100,000,000 tokens, or null where it is not known.");
    put(r, field, v);
    return true;
}

static bool is_price(struct str s)
{
    size_t whole = 0, fraction = 0, at = 0;
    while (at < s.len && s.p[at] >= '0' && s.p[at] <= '9') {
        whole++;
        at++;
    }
    if (at < s.len && s.p[at] == '.')
        for (at++; at < s.len && s.p[at] >= '0' && s.p[at] <= '9'; at++)
            fraction++;
    bool pointed = str_find(s, '.') >= 0;
    return at == s.len && whole > 0 && whole <= WHOLE_MAX && fraction <= FRACTION_MAX &&
           pointed == (fraction > 0);
}

static bool read_price(const struct reader *r, const json_t *prices, const char *name,
                       const char *none)
{
    const json_t *v = json_object_get(prices, name);
    if (!v || json_is_null(v)) {
        if (none)
            ASSERT(json_object_set_new(r->to, name, json_string(none)) == 0);
        return true;
    }
    if (!json_is_string(v) || !is_price(text_of(v)))
        return refuse(r, arena_printf(r->c->arena, "price_per_million.%s", name),
                      "give US dollars per million tokens as text, such as \"0.25\": at most 6 "
                      "digits before and 6 after the point.");
    put(r, name, v);
    return true;
}

static bool read_prices(const struct reader *r)
{
    static const char *const names[] = {"input", "output", "cached_input"};
    const json_t *prices = json_object_get(r->from, "price_per_million");
    const char *name;
    json_t *v;
    if (prices && !json_is_object(prices))
        return refuse(r, "price_per_million", "give an object.");
    json_object_foreach((json_t *)(uintptr_t)prices, name, v)
    {
        bool known = false;
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
            known |= strcmp(names[i], name) == 0;
        if (!known)
            return refuse(r, "price_per_million", "it has input, output and cached_input only.");
    }
    return read_price(r, prices, "input", "0") && read_price(r, prices, "output", "0") &&
           read_price(r, prices, "cached_input", NULL);
}

static bool read_capabilities(const struct reader *r)
{
    const json_t *given = json_object_get(r->from, "capabilities");
    json_t *out = json_array();
    ASSERT(json_object_set_new(r->to, "capabilities", out) == 0);
    if (given && !json_is_array(given))
        return refuse(r, "capabilities", "give an array.");
    /* In our order, each once. */
    size_t found = 0, n = given ? json_array_size(given) : USUAL;
    for (size_t i = 0; i < ARRAY_LEN(capabilities); i++) {
        bool has = !given && i < USUAL;
        for (size_t k = 0; given && k < n; k++)
            has |= json_is_string(json_array_get(given, k)) &&
                   str_eq(text_of(json_array_get(given, k)), str_of(capabilities[i]));
        found += has;
        if (has)
            ASSERT(json_array_append_new(out, json_string(capabilities[i])) == 0);
    }
    return found == n || refuse(r, "capabilities",
                                "give some of streaming, tools, json_output, json_output_schema, "
                                "vision, reasoning and embeddings, each once.");
}

static bool read_model(const struct reader *r)
{
    static const char *const fields[] = {
        "id", "upstream_id", "name", "context", "max_output", "price_per_million", "capabilities"};
    const char *name;
    json_t *v;
    if (!json_is_object(r->from))
        return refuse(r, "", "give an object.");
    json_object_foreach((json_t *)(uintptr_t)r->from, name, v)
    {
        bool known = false;
        for (size_t i = 0; i < ARRAY_LEN(fields); i++)
            known |= strcmp(fields[i], name) == 0;
        if (!known)
            return refuse(r, arena_printf(r->c->arena, "%.64s", name), "there is no such field.");
    }
    return read_names(r) && read_tokens(r, "context") && read_tokens(r, "max_output") &&
           read_prices(r) && read_capabilities(r);
}

/* Callers' names differ. */
static bool is_new(const struct reader *r, json_t *seen)
{
    const char *id = json_string_value(json_object_get(r->to, "id"));
    if (json_object_get(seen, id))
        return refuse(r, "id", "another model of this list has it.");
    ASSERT(json_object_set_new(seen, id, json_true()) == 0);
    return true;
}

bool custom_models_read(struct call *c, const json_t *models, struct str *out)
{
    json_t *list = json_array(), *seen = json_object();
    bool good = true;
    for (size_t i = 0; good && i < json_array_size(models); i++) {
        struct reader r = {.c = c, .at = i, .from = json_array_get(models, i), .to = json_object()};
        ASSERT(json_array_append_new(list, r.to) == 0);
        good = read_model(&r) && is_new(&r, seen);
    }
    if (good) {
        char *text = json_dumps(list, JSON_COMPACT);
        ASSERT(text);
        *out = arena_str(c->arena, str_of(text));
        xfree(text);
    }
    json_decref(list);
    json_decref(seen);
    return good;
}
