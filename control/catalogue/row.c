/* Checks and converts members of catalogue rows. Command line only. */
#include "control/catalogue/row.h"

#include <stdio.h>

#include "control/catalogue/decimal_json.h"
#include "control/text_time.h"

enum { SHORT_MAX = 100, TEXTS_MAX = 64, DEPTH_MAX = 6 };

static struct str text_of(const json_t *v)
{
    bool number = decimal_json_number(v).p != NULL;
    return number ? STR_NULL : str_make(json_string_value(v), json_string_length(v));
}

/* Marked numbers back to numbers, for members that hold no money. Returns owned. */
static json_t *unmark(const json_t *v, int depth)
{
    struct str number = decimal_json_number(v);
    int64_t i;
    const char *name;
    json_t *member;
    size_t at;
    if (number.p)
        return str_to_i64(number, &i) ? json_integer(i) : json_stringn(number.p, number.len);
    if (depth > DEPTH_MAX || (!json_is_object(v) && !json_is_array(v)))
        return json_deep_copy(v);
    json_t *out = json_is_object(v) ? json_object() : json_array();
    if (json_is_object(v))
        json_object_foreach((json_t *)(uintptr_t)v, name, member)(void)
            json_object_set_new(out, name, unmark(member, depth + 1));
    else
        json_array_foreach(v, at, member)(void)
            json_array_append_new(out, unmark(member, depth + 1));
    return out;
}

static bool are_texts(const json_t *v)
{
    size_t i;
    json_t *item;
    if (!json_is_array(v) || json_array_size(v) > TEXTS_MAX)
        return false;
    json_array_foreach(v, i, item)
    {
        struct str s = text_of(item);
        if (!s.p || s.len == 0 || s.len > SHORT_MAX)
            return false;
    }
    return true;
}

static bool is_date(struct str s)
{
    char text[24];
    int64_t us;
    return s.p && s.len == 10 &&
           snprintf(text, sizeof text, STR_FMT "T00:00:00Z", STR_ARG(s)) == 20 &&
           text_time_parse(str_of(text), &us);
}

/* The value as it goes into the row, owned; NULL: it is malformed. */
static json_t *convert(const struct row_member *m, const json_t *v)
{
    int64_t i;
    struct str s = text_of(v), number = decimal_json_number(v);
    bool ok = false;
    switch (m->kind) {
    case ROW_TEXT:
        ok = s.p && s.len <= m->max;
        break;
    case ROW_SLUG_P:
        ok = s.p && slug_is_provider(s);
        break;
    case ROW_SLUG_M:
        ok = s.p && slug_is_model(s);
        break;
    case ROW_NUMBER:
        return number.p ? json_stringn(number.p, number.len) : NULL;
    case ROW_INT:
        return decimal_json_integer(v, &i) ? json_integer(i) : NULL;
    case ROW_DATE:
        ok = is_date(s);
        break;
    case ROW_TIME:
        ok = s.p && text_time_parse(s, &i);
        break;
    case ROW_TEXTS:
        ok = are_texts(v);
        break;
    case ROW_OBJECT:
        return json_is_object(v) ? unmark(v, 0) : NULL;
    case ROW_EXTRA:
    case ROW_OTHER:
        return unmark(v, 0);
    }
    return ok ? json_deep_copy(v) : NULL;
}

static const struct row_member *find(const struct row_member *table, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

bool row_read(struct document *d, const char *where, const json_t *from,
              const struct row_member *table, size_t n, json_t *row)
{
    const char *name;
    json_t *value, *extra = json_object_get(row, "extra");
    if (!json_is_object(from))
        return document_refuse(d, where, "expected an object");
    json_object_foreach((json_t *)(uintptr_t)from, name, value)
    {
        const struct row_member *m = find(table, n, name);
        if (!m)
            return document_refuse(d, where, "there is no member `%.64s` here", name);
        if (m->kind == ROW_OTHER || json_is_null(value))
            continue;
        json_t *v = convert(m, value);
        if (!v)
            return document_refuse(d, where, "`%s` has a wrong type or value", name);
        (void)json_object_set_new(m->kind == ROW_EXTRA ? extra : row, m->as ? m->as : name, v);
    }
    for (size_t i = 0; i < n; i++) {
        value = json_object_get(from, table[i].name);
        if (table[i].required && (!value || json_is_null(value)))
            return document_refuse(d, where, "`%s` is missing", table[i].name);
    }
    return true;
}

static bool is_other_price_member(const char *name)
{
    static const char *const names[] = {"tiers", "peak", "service_tier_multipliers", "name",
                                        "up_to_tokens"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* The decimals of one level ({"input": "1.75e-6", ...}) into `out`. */
static bool add_prices(struct document *d, const char *where, const json_t *from, json_t *out)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)from, name, value)
    {
        if (is_other_price_member(name) || json_is_null(value))
            continue;
        json_t *v = strlen(name) <= 32 ? price_json(text_of(value), 0) : NULL;
        if (!v)
            return document_refuse(d, where, "price `%.64s` is no decimal string in USD per unit",
                                   name);
        (void)json_object_set_new(out, name, v);
    }
    return true;
}

static bool add_tiers(struct document *d, const char *where, const json_t *tiers, json_t *out)
{
    size_t i;
    json_t *tier, *list = json_array();
    int64_t before = 0, bound;
    (void)json_object_set_new(out, "tiers", list);
    if (!json_is_array(tiers))
        return document_refuse(d, where, "`tiers` must be an array");
    json_array_foreach(tiers, i, tier)
    {
        json_t *row = json_object(), *up_to = json_object_get(tier, "up_to_tokens");
        bool last = i + 1 == json_array_size(tiers);
        (void)json_array_append_new(list, row);
        if (!json_is_object(tier) || !add_prices(d, where, tier, row))
            return json_is_object(tier) ? false : document_refuse(d, where, "a tier is no object");
        if (!up_to || json_is_null(up_to)) {
            if (!last)
                return document_refuse(d, where, "only the last tier may have no `up_to_tokens`");
            (void)json_object_set_new(row, "up_to_tokens", json_null());
            continue;
        }
        if (!decimal_json_integer(up_to, &bound) || bound <= before)
            return document_refuse(d, where, "`up_to_tokens` must be integers that rise");
        (void)json_object_set_new(row, "up_to_tokens", json_integer(bound));
        before = bound;
    }
    return true;
}

static bool add_peak(struct document *d, const char *where, const json_t *peak, json_t *out)
{
    const char *name;
    json_t *value, *row = json_object();
    (void)json_object_set_new(out, "peak", row);
    if (!json_is_object(peak))
        return document_refuse(d, where, "`peak` must be an object");
    json_object_foreach((json_t *)(uintptr_t)peak, name, value)
    {
        bool prices = strcmp(name, "peak") == 0 || strcmp(name, "off_peak") == 0;
        json_t *v = prices ? json_object() : unmark(value, 0);
        (void)json_object_set_new(row, name, v);
        if (prices && !add_prices(d, where, value, v))
            return false;
    }
    return true;
}

static bool add_multipliers(struct document *d, const char *where, const json_t *from, json_t *out)
{
    const char *name;
    json_t *value, *row = json_object();
    (void)json_object_set_new(out, "service_tier_multipliers", row);
    json_object_foreach((json_t *)(uintptr_t)from, name, value)
    {
        json_t *v = price_json(text_of(value), 0);
        if (!v)
            return document_refuse(d, where, "multiplier `%.64s` is no decimal string", name);
        (void)json_object_set_new(row, name, v);
    }
    return json_is_object(from) ||
           document_refuse(d, where, "`service_tier_multipliers` must be an object");
}

json_t *row_price_list(struct document *d, const char *where, const json_t *from)
{
    json_t *out = json_object();
    const json_t *tiers = json_object_get(from, "tiers"), *peak = json_object_get(from, "peak");
    const json_t *multipliers = json_object_get(from, "service_tier_multipliers");
    bool ok = json_is_object(from) || document_refuse(d, where, "`price` must be an object");
    if ((ok = ok && add_prices(d, where, from, out)) && tiers)
        ok = add_tiers(d, where, tiers, out);
    if (ok && peak)
        ok = add_peak(d, where, peak, out);
    if (ok && multipliers)
        ok = add_multipliers(d, where, multipliers, out);
    if (ok)
        return out;
    json_decref(out);
    return NULL;
}
