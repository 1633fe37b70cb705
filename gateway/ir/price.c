/* The cost of a request by its offer's price list. Pure integer arithmetic, any thread; it never
 * guesses a price that the list does not have, and never charges a token twice.
 */
#include "gateway/ir/price.h"

struct kind_row {
    const char *name, *unit;
};

static const struct kind_row rows[] = {
#define PRICE(e, n, u) [PRICE_##e] = {.name = n, .unit = u},
    PRICE_TABLE(PRICE)
#undef PRICE
};
static_assert(ARRAY_LEN(rows) == PRICE_KINDS, "one row per price");

/* Which price stands in for one that the list lacks. The end of each chain is its own stand-in. */
static const uint8_t stand_in[] = {
    [PRICE_INPUT] = PRICE_INPUT,
    [PRICE_CACHED_INPUT] = PRICE_INPUT,
    [PRICE_CACHE_WRITE_5M] = PRICE_INPUT,
    [PRICE_CACHE_WRITE_1H] = PRICE_CACHE_WRITE_5M,
    [PRICE_AUDIO_INPUT] = PRICE_INPUT,
    [PRICE_CACHED_AUDIO_INPUT] = PRICE_CACHED_INPUT,
    [PRICE_IMAGE_INPUT] = PRICE_IMAGE_INPUT,
    [PRICE_OUTPUT] = PRICE_OUTPUT,
    [PRICE_REASONING] = PRICE_OUTPUT,
    [PRICE_AUDIO_OUTPUT] = PRICE_OUTPUT,
    [PRICE_WEB_SEARCH] = PRICE_WEB_SEARCH,
    [PRICE_REQUEST] = PRICE_REQUEST,
    [PRICE_IMAGE_OUTPUT] = PRICE_OUTPUT,
    [PRICE_IMAGE_TOKENS] = PRICE_INPUT,
    [PRICE_CHARACTERS] = PRICE_CHARACTERS,
    [PRICE_PICTURES] = PRICE_PICTURES,
    [PRICE_AUDIO] = PRICE_AUDIO,
};
static_assert(ARRAY_LEN(stand_in) == PRICE_KINDS, "one stand-in per price");

/* The kinds that input and output tokens can be charged as, and those that multipliers touch. */
static const uint8_t input_kinds[] = {
    PRICE_INPUT,       PRICE_CACHED_INPUT,       PRICE_CACHE_WRITE_5M, PRICE_CACHE_WRITE_1H,
    PRICE_AUDIO_INPUT, PRICE_CACHED_AUDIO_INPUT, PRICE_IMAGE_TOKENS};
static const uint8_t output_kinds[] = {PRICE_OUTPUT, PRICE_REASONING, PRICE_AUDIO_OUTPUT,
                                       PRICE_IMAGE_OUTPUT};

const char *price_kind_name(enum price_kind k)
{
    ASSERT((unsigned)k < PRICE_KINDS);
    return rows[k].name;
}

const char *price_kind_unit(enum price_kind k)
{
    ASSERT((unsigned)k < PRICE_KINDS);
    return rows[k].unit;
}

int64_t price_kind_per(enum price_kind k)
{
    ASSERT((unsigned)k < PRICE_KINDS);
    return k == PRICE_AUDIO ? AUDIO_MS_PER_HOUR : 1;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return q - (a % b < 0);
}

static bool is_off_peak(const struct price_list *list, int64_t at_us)
{
    const int64_t minute_us = INT64_C(60) * 1000 * 1000, day_min = 1440;
    if (list->n_peak_hours == 0)
        return false;
    int64_t minute = floor_div(at_us, minute_us);
    /* The first of January 1970 was a Thursday, 4. */
    int64_t day = floor_div(minute + list->off_peak_utc_offset_minutes, day_min) + 4;
    int64_t weekday = day - floor_div(day, 7) * 7;
    if (list->off_peak_days >> weekday & 1)
        return true;
    int64_t hour = floor_div(minute, 60) - floor_div(minute, day_min) * 24;
    for (unsigned i = 0; i < list->n_peak_hours; i++)
        if (hour >= list->peak_hours[i].from && hour < list->peak_hours[i].to)
            return false;
    return true;
}

static const struct price_tier *tier_of(const struct price_list *list, int64_t input, int64_t at_us)
{
    ASSERT(list->n_tiers >= 1 && list->n_tiers <= PRICE_TIERS_MAX);
    if (is_off_peak(list, at_us))
        return &list->off_peak;
    unsigned i = 0;
    while (i + 1 < list->n_tiers && input > list->tier[i].up_to_tokens)
        i++;
    return &list->tier[i];
}

static int64_t multiplier_of(const struct price_list *list, struct str service_tier)
{
    for (unsigned i = 0; i < list->n_service_tiers; i++)
        if (str_eq(str_of(list->service_tier[i].name), service_tier))
            return list->service_tier[i].multiplier_milli;
    return 1000;
}

static bool has_price(const struct price_tier *t, unsigned kind)
{
    return (t->set >> kind & 1) != 0;
}

/* The kind that a quantity of `kind` is charged as. */
static unsigned charged_as(const struct price_tier *t, unsigned kind)
{
    while (!has_price(t, kind) && stand_in[kind] != kind)
        kind = stand_in[kind];
    return kind;
}

/* Takes up to `want` (unknown: 0) out of what is left of a whole. */
static int64_t part_of(int64_t want, int64_t *left)
{
    int64_t part = want < 0 ? 0 : want;
    part = part > *left ? *left : part;
    *left -= part;
    return part;
}

static int64_t known(int64_t count)
{
    return count < 0 ? 0 : count;
}

/* Splits the request into one quantity per kind; the parts of a whole never exceed it. */
static void split(const struct usage *u, int64_t q[PRICE_KINDS])
{
    int64_t input = known(u->input), output = known(u->output);
    int64_t cached = part_of(u->cached, &input);
    q[PRICE_CACHED_AUDIO_INPUT] = part_of(u->cached_audio, &cached);
    q[PRICE_CACHED_INPUT] = cached;
    q[PRICE_CACHE_WRITE_5M] = part_of(u->cache_write_5m, &input);
    q[PRICE_CACHE_WRITE_1H] = part_of(u->cache_write_1h, &input);
    q[PRICE_AUDIO_INPUT] = part_of(known(u->audio_input) - q[PRICE_CACHED_AUDIO_INPUT], &input);
    q[PRICE_IMAGE_TOKENS] = part_of(u->image_tokens, &input);
    q[PRICE_INPUT] = input;
    q[PRICE_IMAGE_INPUT] = known(u->image_input);
    q[PRICE_REASONING] = part_of(u->reasoning, &output);
    q[PRICE_AUDIO_OUTPUT] = part_of(u->audio_output, &output);
    q[PRICE_IMAGE_OUTPUT] = part_of(u->image_output, &output);
    q[PRICE_OUTPUT] = output;
    q[PRICE_WEB_SEARCH] = known(u->web_searches);
    q[PRICE_CHARACTERS] = known(u->characters);
    q[PRICE_PICTURES] = known(u->pictures);
    q[PRICE_AUDIO] = known(u->audio_ms);
    q[PRICE_REQUEST] = 1;
}

static bool is_multiplied(unsigned kind)
{
    return kind != PRICE_WEB_SEARCH && kind != PRICE_REQUEST;
}

static struct price line_price(const struct price_list *list, const struct price_tier *tier,
                               const struct usage *u, unsigned kind)
{
    if (kind == PRICE_PICTURES && u->picture_price > 0 && u->picture_price <= list->n_pictures)
        return list->picture[u->picture_price - 1].price;
    return tier->price[kind];
}

void cost_compute(const struct price_list *list, const struct usage *u, struct str service_tier,
                  int64_t at_us, struct cost *out)
{
    const struct price_tier *tier = tier_of(list, known(u->input), at_us);
    int64_t quantity[PRICE_KINDS], charged[PRICE_KINDS] = {0};
    int64_t multiplier = multiplier_of(list, service_tier);
    split(u, quantity);
    for (unsigned k = 0; k < PRICE_KINDS; k++)
        charged[charged_as(tier, k)] += quantity[k];
    out->n = 0;
    out->total_pico = 0;
    for (unsigned k = 0; k < PRICE_KINDS; k++) {
        if (charged[k] == 0 || !has_price(tier, k))
            continue;
        struct cost_line *line = &out->line[out->n++];
        *line = (struct cost_line){.kind = (uint8_t)k,
                                   .quantity = charged[k],
                                   .price = line_price(list, tier, u, k),
                                   .multiplier_milli = is_multiplied(k) ? multiplier : 1000};
        line->amount_pico = money_share_pico(line->quantity, price_kind_per((enum price_kind)k),
                                             line->price, line->multiplier_milli);
        out->total_pico = money_add(out->total_pico, line->amount_pico);
    }
}

static struct price dearest(const struct price_tier *t, const uint8_t *kinds, size_t n)
{
    struct price max = {0};
    for (size_t i = 0; i < n; i++)
        if (has_price(t, kinds[i]) && t->price[kinds[i]].femto > max.femto)
            max = t->price[kinds[i]];
    return max;
}

static int64_t tier_upper_pico(const struct price_tier *t, int64_t input, int64_t output,
                               int64_t multiplier)
{
    struct price in = dearest(t, input_kinds, ARRAY_LEN(input_kinds));
    struct price out = dearest(t, output_kinds, ARRAY_LEN(output_kinds));
    int64_t sum = money_add(money_line_pico(input, in, multiplier),
                            money_line_pico(output, out, multiplier));
    if (has_price(t, PRICE_REQUEST))
        sum = money_add(sum, money_line_pico(1, t->price[PRICE_REQUEST], 1000));
    /* Each line of the real cost may round up by half a pico-dollar. */
    return sum > 0 ? money_add(sum, PRICE_KINDS / 2) : 0;
}

int64_t cost_upper_pico(const struct price_list *list, int64_t input, int64_t output)
{
    int64_t multiplier = 1000, most = 0;
    ASSERT(input >= 0 && output >= 0);
    for (unsigned i = 0; i < list->n_service_tiers; i++)
        if (list->service_tier[i].multiplier_milli > multiplier)
            multiplier = list->service_tier[i].multiplier_milli;
    for (unsigned i = 0; i < list->n_tiers; i++) {
        if (i > 0 && list->tier[i - 1].up_to_tokens >= input)
            break;
        int64_t upper = tier_upper_pico(&list->tier[i], input, output, multiplier);
        most = upper > most ? upper : most;
    }
    if (list->n_peak_hours > 0) {
        int64_t upper = tier_upper_pico(&list->off_peak, input, output, multiplier);
        most = upper > most ? upper : most;
    }
    return most;
}

/* The dearest price of one kind, whatever the tier and hour. */
static struct price dearest_of_list(const struct price_list *list, uint8_t kind)
{
    struct price max = {0};
    for (unsigned i = 0; i < list->n_tiers; i++) {
        struct price p = dearest(&list->tier[i], &kind, 1);
        max = p.femto > max.femto ? p : max;
    }
    if (list->n_peak_hours > 0) {
        struct price p = dearest(&list->off_peak, &kind, 1);
        max = p.femto > max.femto ? p : max;
    }
    return max;
}

int64_t cost_upper_units_pico(const struct price_list *list, const struct usage *u)
{
    const struct {
        uint8_t kind;
        int64_t quantity;
    } units[] = {{PRICE_CHARACTERS, u->characters},
                 {PRICE_PICTURES, u->pictures},
                 {PRICE_AUDIO, u->audio_ms}};
    int64_t multiplier = 1000, sum = 0;
    for (unsigned i = 0; i < list->n_service_tiers; i++)
        if (list->service_tier[i].multiplier_milli > multiplier)
            multiplier = list->service_tier[i].multiplier_milli;
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        struct price p = dearest_of_list(list, units[i].kind);
        if (units[i].kind == PRICE_PICTURES)
            p = line_price(list, &(struct price_tier){.price[PRICE_PICTURES] = p}, u,
                           PRICE_PICTURES);
        sum = money_add(
            sum, money_share_pico(units[i].quantity, price_kind_per(units[i].kind), p, multiplier));
    }
    return sum;
}

uint8_t price_list_picture(const struct price_list *list, struct str quality, struct str size)
{
    for (unsigned round = 0; round < 3; round++) {
        for (uint8_t i = 0; i < list->n_pictures; i++) {
            struct str b = str_of(list->picture[i].name), a = STR("");
            if (round == 0)
                a = str_cut(&b, '/');
            bool one = round == 1 ? str_ieq(b, size) && size.len : str_ieq(b, quality);
            bool both = b.p && str_ieq(a, quality) && str_ieq(b, size);
            if (round == 0 ? both : one)
                return (uint8_t)(i + 1);
        }
    }
    return 0;
}
