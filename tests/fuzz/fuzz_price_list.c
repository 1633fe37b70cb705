/* Price lists: one that is accepted can be charged by, whatever its text was. */
#include "gateway/snapshot/prices.h"
#include "tests/fuzz/fuzz.h"

static void check_tier(const struct price_tier *t)
{
    ASSERT(t->set != 0 && t->set >> PRICE_KINDS == 0);
    for (int k = 0; k < PRICE_KINDS; k++)
        ASSERT(t->price[k].femto >= 0 && t->price[k].femto <= PRICE_MAX_FEMTO);
}

static void check_list(const struct price_list *l)
{
    ASSERT(l->n_tiers >= 1 && l->n_tiers <= PRICE_TIERS_MAX);
    for (size_t i = 0; i < l->n_tiers; i++) {
        check_tier(&l->tier[i]);
        ASSERT(i == 0 || l->tier[i].up_to_tokens > l->tier[i - 1].up_to_tokens);
    }
    ASSERT(l->tier[0].up_to_tokens > 0 && l->tier[l->n_tiers - 1].up_to_tokens == INT64_MAX);
    ASSERT(l->n_peak_hours <= PEAK_HOURS_MAX && l->n_service_tiers <= SERVICE_TIERS_MAX);
    for (size_t i = 0; i < l->n_peak_hours; i++)
        ASSERT(l->peak_hours[i].from < l->peak_hours[i].to && l->peak_hours[i].to <= 24);
    if (l->n_peak_hours)
        check_tier(&l->off_peak);
    ASSERT(l->n_pictures <= PICTURE_PRICES_MAX);
    for (size_t i = 0; i < l->n_pictures; i++)
        ASSERT(l->picture[i].price.femto >= 0 &&
               memchr(l->picture[i].name, '\0', sizeof l->picture[i].name));
    for (size_t i = 0; i < l->n_service_tiers; i++)
        ASSERT(l->service_tier[i].multiplier_milli > 0 &&
               memchr(l->service_tier[i].name, '\0', sizeof l->service_tier[i].name));
}

static void check_cost(const struct price_list *l)
{
    struct usage u;
    struct cost c;
    usage_clear(&u);
    u.input = 100000;
    u.cached = 5000;
    u.output = 1000;
    u.reasoning = 300;
    cost_compute(l, &u, STR("priority"), INT64_C(1800000000000000), &c);
    ASSERT(c.total_pico >= 0 && c.n <= PRICE_KINDS);
    ASSERT(c.total_pico <= cost_upper_pico(l, 100000, 1000));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct price_list l;
    char err[128] = "";
    if (!price_list_parse(str_make((const char *)data, size), &l, err)) {
        ASSERT(err[0] != '\0');
        return 0;
    }
    check_list(&l);
    check_cost(&l);
    return 0;
}
