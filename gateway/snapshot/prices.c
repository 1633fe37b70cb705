/* Reads an offer's price list out of its JSON. Loader thread; control may use it to check an
 * import. Never sets a price it could not read: a list is good as a whole or refused.
 */
#include "gateway/snapshot/prices.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/log.h"

const char prices_none_known[] = "no price of a known name";

struct reader {
    struct price_list *list;
    char *err; /* 128 bytes */
};

static const char *const price_names[] = {
#define PRICE(e, name, unit) [PRICE_##e] = name,
    PRICE_TABLE(PRICE)
#undef PRICE
};
static_assert(ARRAY_LEN(price_names) == PRICE_KINDS, "one name per price");

/* Members that are read elsewhere, or say nothing about money. */
static const char *const other_names[] = {"tiers",
                                          "price_tiers",
                                          "peak",
                                          "peak_pricing",
                                          "name",
                                          "up_to_tokens",
                                          "service_tier_multipliers"};

PRINTF_LIKE(2, 3) static bool refuse(const struct reader *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(r->err, 128, fmt, args);
    va_end(args);
    return false;
}

static int price_kind(const char *name)
{
    for (int k = 0; k < PRICE_KINDS; k++)
        if (strcmp(price_names[k], name) == 0)
            return k;
    return -1;
}

/* Other names of the audio's price: so many of them are an hour. */
static const struct {
    const char *name;
    int64_t per_hour;
} audio_names[] = {{"per_audio_minute", 60}, {"per_audio_second", 3600}};

static const char picture_lead[] = "per_image_"; /* before what picture it is the price of */

static bool times(struct price *p, int64_t by)
{
    if (p->femto > PRICE_MAX_FEMTO / by)
        return false;
    p->femto *= by;
    return true;
}

/* "per_image_default", "per_image_medium/2k". */
static bool read_picture(const struct reader *r, const char *what, struct price p,
                         struct price_tier *out)
{
    struct price_list *l = r->list;
    if (strcmp(what, "default") == 0) {
        out->price[PRICE_PICTURES] = p;
        out->set |= 1u << PRICE_PICTURES;
        return true;
    }
    if (l->n_pictures == PICTURE_PRICES_MAX || strlen(what) >= sizeof l->picture[0].name)
        return refuse(r, "%s%.40s: too many prices of pictures, or a name too long", picture_lead,
                      what);
    memcpy(l->picture[l->n_pictures].name, what, strlen(what) + 1);
    l->picture[l->n_pictures++].price = p;
    return true;
}

static void note_unknown(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(other_names); i++)
        if (strcmp(other_names[i], name) == 0)
            return;
    log_event(LOG_DEBUG, "prices.name_ignored", LOG_S("name", name));
}

static struct str json_text(const json_t *v)
{
    return str_make(json_string_value(v), json_string_length(v));
}

/* What a member's name stands for. */
struct named {
    int kind;         /* enum price_kind, -1: none */
    int64_t by;       /* a price of that kind is so many of these */
    const char *what; /* of which picture; NULL any */
};

static struct named find_name(const char *name)
{
    const size_t lead = sizeof picture_lead - 1;
    for (size_t i = 0; i < ARRAY_LEN(audio_names); i++)
        if (strcmp(name, audio_names[i].name) == 0)
            return (struct named){PRICE_AUDIO, audio_names[i].per_hour, NULL};
    if (strncmp(name, picture_lead, lead) == 0)
        return (struct named){PRICE_PICTURES, 1, name + lead};
    return (struct named){price_kind(name), 1, NULL};
}

/* One price; true also for null. */
static bool read_price(const struct reader *r, const char *where, const char *name,
                       const json_t *value, struct price_tier *out)
{
    struct named n = find_name(name);
    struct price p;
    if (n.kind < 0)
        note_unknown(name);
    if (n.kind < 0 || json_is_null(value))
        return true;
    if (!json_is_string(value))
        return refuse(r, "%s%s: expected decimal text", where, name);
    if (!price_parse(json_text(value), &p) || !times(&p, n.by))
        return refuse(r, "%s%s: not a price in USD per unit", where, name);
    if (n.what)
        return read_picture(r, n.what, p, out);
    out->price[n.kind] = p;
    out->set |= 1u << n.kind;
    return true;
}

/* The prices that `object` names, over those already in `out`. */
static bool read_prices(const struct reader *r, const char *where, json_t *object,
                        struct price_tier *out)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        if (!read_price(r, where, name, value, out))
            return false;
    }
    return true;
}

/* A picture that no price fits costs as the dearest does. */
static void complete_pictures(struct price_list *l)
{
    struct price_tier *t = &l->tier[0];
    if (t->set >> PRICE_PICTURES & 1)
        return;
    for (size_t i = 0; i < l->n_pictures; i++) {
        struct price p = l->picture[i].price;
        t->price[PRICE_PICTURES] = p.femto > t->price[PRICE_PICTURES].femto
                                       ? p
                                       : t->price[PRICE_PICTURES];
        t->set |= 1u << PRICE_PICTURES;
    }
}

static bool read_bound(const struct reader *r, const json_t *value, bool last, int64_t *out)
{
    *out = INT64_MAX;
    if (!value || json_is_null(value))
        return last || refuse(r, "tiers: only the last may have no up_to_tokens");
    if (!json_is_integer(value) || json_integer_value(value) <= 0)
        return refuse(r, "tiers: up_to_tokens must be a positive integer");
    if (!last)
        *out = json_integer_value(value);
    return true;
}

static bool read_tiers(const struct reader *r, const json_t *tiers)
{
    const struct price_tier base = r->list->tier[0];
    size_t n = json_array_size(tiers);
    if (!json_is_array(tiers) || n > PRICE_TIERS_MAX)
        return refuse(r, "tiers: expected an array of at most %d", PRICE_TIERS_MAX);
    for (size_t i = 0; i < n; i++) {
        json_t *object = json_array_get(tiers, i);
        struct price_tier *t = &r->list->tier[i];
        *t = base;
        if (!json_is_object(object))
            return refuse(r, "tiers: expected objects");
        if (!read_bound(r, json_object_get(object, "up_to_tokens"), i + 1 == n, &t->up_to_tokens))
            return false;
        if (i > 0 && t->up_to_tokens <= t[-1].up_to_tokens)
            return refuse(r, "tiers: up_to_tokens must rise");
        if (!read_prices(r, "tiers: ", object, t))
            return false;
    }
    if (n > 0)
        r->list->n_tiers = (uint8_t)n;
    return true;
}

static bool read_integer(const json_t *value, int64_t min, int64_t max, int64_t *out)
{
    if (!json_is_integer(value))
        return false;
    *out = json_integer_value(value);
    return *out >= min && *out <= max;
}

static bool read_hours(const struct reader *r, const json_t *hours)
{
    size_t n = json_array_size(hours);
    if (!json_is_array(hours) || n == 0 || n > PEAK_HOURS_MAX)
        return refuse(r, "peak: hours_utc must hold 1 to %d pairs", PEAK_HOURS_MAX);
    for (size_t i = 0; i < n; i++) {
        const json_t *pair = json_array_get(hours, i);
        int64_t from, to;
        if (json_array_size(pair) != 2 || !read_integer(json_array_get(pair, 0), 0, 23, &from) ||
            !read_integer(json_array_get(pair, 1), from + 1, 24, &to))
            return refuse(r, "peak: hours_utc must hold pairs of hours, [from, to)");
        r->list->peak_hours[i].from = (uint8_t)from;
        r->list->peak_hours[i].to = (uint8_t)to;
    }
    r->list->n_peak_hours = (uint8_t)n;
    return true;
}

static bool read_off_peak_days(const struct reader *r, const json_t *days)
{
    int64_t v;
    if (!days || json_is_null(days))
        return true;
    const json_t *week = json_object_get(days, "days_of_week");
    const json_t *offset = json_object_get(days, "utc_offset_minutes");
    if (!json_is_array(week))
        return refuse(r, "peak: off_peak_days needs days_of_week");
    for (size_t i = 0; i < json_array_size(week); i++) {
        if (!read_integer(json_array_get(week, i), 0, 6, &v))
            return refuse(r, "peak: days_of_week are 0 (Sunday) to 6");
        r->list->off_peak_days |= (uint8_t)(1u << v);
    }
    if (!offset || json_is_null(offset))
        return true;
    const int64_t day = 24 * 60;
    if (!read_integer(offset, -day, day, &v))
        return refuse(r, "peak: utc_offset_minutes must be within a day");
    r->list->off_peak_utc_offset_minutes = (int16_t)v;
    return true;
}

static bool read_peak(const struct reader *r, json_t *peak)
{
    struct price_list *l = r->list;
    json_t *dear = json_object_get(peak, "peak"), *cheap = json_object_get(peak, "off_peak");
    if (!json_is_object(cheap))
        return refuse(r, "peak: expected an object with off_peak prices");
    if (dear && !json_is_object(dear))
        return refuse(r, "peak: peak must be an object");
    if (!read_hours(r, json_object_get(peak, "hours_utc")) ||
        !read_off_peak_days(r, json_object_get(peak, "off_peak_days")))
        return false;
    l->off_peak = l->tier[0];
    return read_prices(r, "off_peak: ", cheap, &l->off_peak) &&
           (!dear || read_prices(r, "peak: ", dear, &l->tier[0]));
}

/* A factor as text or number, to thousandths. */
static bool read_multiplier(const json_t *value, int64_t *milli)
{
    char text[32] = "";
    struct price p; /* the same decimal grammar; 1 is 1e15 */
    struct str s = json_is_string(value) ? json_text(value) : str_make(text, 0);
    if (json_is_integer(value))
        s.len = (size_t)snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        s.len = (size_t)snprintf(text, sizeof text, "%.6g", json_real_value(value));
    if (!price_parse(s, &p) || p.femto % INT64_C(1000000000000) != 0)
        return false;
    *milli = p.femto / INT64_C(1000000000000);
    return *milli > 0 && *milli <= 100000; /* a hundredfold */
}

static bool read_service_tiers(const struct reader *r, json_t *tiers)
{
    const char *name;
    json_t *value;
    struct price_list *l = r->list;
    if (!json_is_object(tiers))
        return refuse(r, "service_tier_multipliers: expected an object");
    json_object_foreach(tiers, name, value)
    {
        size_t len = strlen(name);
        if (l->n_service_tiers == SERVICE_TIERS_MAX || len >= sizeof l->service_tier[0].name)
            return refuse(r, "service_tier_multipliers: too many, or a name too long");
        memcpy(l->service_tier[l->n_service_tiers].name, name, len + 1);
        if (!read_multiplier(value, &l->service_tier[l->n_service_tiers].multiplier_milli))
            return refuse(r, "service_tier_multipliers: %.15s is no factor in thousandths", name);
        l->n_service_tiers++;
    }
    return true;
}

/* A member under either of two names; NULL also for null. */
static json_t *member(json_t *root, const char *name, const char *other)
{
    json_t *v = json_object_get(root, name);
    if (!v || json_is_null(v))
        v = json_object_get(root, other);
    return json_is_null(v) ? NULL : v;
}

static bool has_price(const struct price_list *l)
{
    for (size_t i = 0; i < l->n_tiers; i++)
        if (!l->tier[i].set)
            return false;
    return l->n_peak_hours == 0 || l->off_peak.set;
}

static bool read_list(const struct reader *r, json_t *root)
{
    struct price_list *l = r->list;
    json_t *tiers = member(root, "tiers", "price_tiers");
    json_t *peak = member(root, "peak", "peak_pricing");
    json_t *service = member(root, "service_tier_multipliers", "service_tier_multipliers");
    *l = (struct price_list){.n_tiers = 1, .tier[0].up_to_tokens = INT64_MAX};
    if (!json_is_object(root))
        return refuse(r, "expected an object");
    if (!read_prices(r, "", root, &l->tier[0]))
        return false;
    complete_pictures(l);
    if (tiers && !read_tiers(r, tiers))
        return false;
    if (peak && json_array_size(tiers) == 0 && !read_peak(r, peak))
        return false;
    if (service && !read_service_tiers(r, service))
        return false;
    return has_price(l) || refuse(r, "%s", prices_none_known);
}

bool price_list_parse(struct str json, struct price_list *out, char err[128])
{
    struct reader r = {.list = out, .err = err};
    json_error_t why;
    if (json.len > PRICES_JSON_MAX)
        return refuse(&r, "over %d bytes", PRICES_JSON_MAX);
    json_t *root = json_loadb(json.p, json.len, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return refuse(&r, "not JSON: %.100s", why.text);
    bool ok = read_list(&r, root);
    json_decref(root);
    return ok;
}
