/* Prices of an offer and the cost of a request. Pure arithmetic on int64, rules of common/money.h.
 */
#ifndef DOTEB_IR_PRICE_H
#define DOTEB_IR_PRICE_H

#include "common/defs.h"
#include "common/money.h"
#include "common/str.h"
#include "gateway/ir/usage.h"

/* PRICE(enum, "name in offer_prices.prices and in cost lines", unit). The spool stores their
 * numbers: new ones at the end. */
#define PRICE_TABLE(PRICE)                                                                         \
    PRICE(INPUT, "input", "token")                                                                 \
    PRICE(CACHED_INPUT, "cached_input", "token")                                                   \
    PRICE(CACHE_WRITE_5M, "cache_write_5m", "token")                                               \
    PRICE(CACHE_WRITE_1H, "cache_write_1h", "token")                                               \
    PRICE(AUDIO_INPUT, "audio_input", "token")                                                     \
    PRICE(CACHED_AUDIO_INPUT, "cached_audio_input", "token")                                       \
    PRICE(IMAGE_INPUT, "image_input", "image")                                                     \
    PRICE(OUTPUT, "output", "token")                                                               \
    PRICE(REASONING, "reasoning", "token")                                                         \
    PRICE(AUDIO_OUTPUT, "audio_output", "token")                                                   \
    PRICE(WEB_SEARCH, "web_search", "call")                                                        \
    PRICE(REQUEST, "request", "request")                                                           \
    PRICE(IMAGE_OUTPUT, "image_output", "token")                                                   \
    PRICE(IMAGE_TOKENS, "image_token_input", "token")                                              \
    PRICE(CHARACTERS, "per_character", "character")                                                \
    PRICE(PICTURES, "per_image", "image")                                                          \
    PRICE(AUDIO, "per_audio_hour", "millisecond")

enum price_kind {
#define PRICE(e, name, unit) PRICE_##e,
    PRICE_TABLE(PRICE)
#undef PRICE
        PRICE_KINDS
};

/* What PRICE_AUDIO is the price of. */
#define AUDIO_MS_PER_HOUR INT64_C(3600000)

struct price_tier {
    int64_t up_to_tokens; /* prompt tokens this tier holds for, inclusive; INT64_MAX: no bound */
    uint32_t set;         /* bit per price_kind that has a price */
    struct price price[PRICE_KINDS];
};

enum { PRICE_TIERS_MAX = 8, SERVICE_TIERS_MAX = 6, PEAK_HOURS_MAX = 4, PICTURE_PRICES_MAX = 8 };

struct price_list {
    int64_t effective_from_us; /* wall time */
    uint8_t n_tiers;           /* >= 1, ascending */
    struct price_tier tier[PRICE_TIERS_MAX];
    uint8_t n_service_tiers;
    struct {
        char name[16];
        int64_t multiplier_milli;
    } service_tier[SERVICE_TIERS_MAX];
    /* Peak pricing: outside the peak hours (UTC) and on the off-peak days `off_peak` holds. */
    uint8_t n_peak_hours;
    struct {
        uint8_t from, to; /* hours UTC, [from, to) */
    } peak_hours[PEAK_HOURS_MAX];
    uint8_t off_peak_days;               /* bit per day of week, Sunday 0 */
    int16_t off_peak_utc_offset_minutes; /* in whose days */
    struct price_tier off_peak;
    /* Prices of a picture by what was asked for ("medium/2k", "1K"), beside PRICE_PICTURES. */
    uint8_t n_pictures;
    struct {
        char name[24];
        struct price price;
    } picture[PICTURE_PRICES_MAX];
};

struct cost_line {
    uint8_t kind; /* enum price_kind */
    int64_t quantity;
    struct price price;
    int64_t multiplier_milli;
    int64_t amount_pico;
};

struct cost {
    uint8_t n;
    struct cost_line line[PRICE_KINDS];
    int64_t total_pico;
};

const char *price_kind_name(enum price_kind k);
const char *price_kind_unit(enum price_kind k);
/* How many of those units a price is for: 1 but for PRICE_AUDIO. */
int64_t price_kind_per(enum price_kind k);

/* The cost of `u` (unknown counts are 0) at wall time `at_us`.
 *
 * 1. Prices: in off-peak hours those of `off_peak`, else those of the first tier whose bound is not
 *    below the whole prompt (the last one has no bound).
 * 2. The prompt is split into cached audio, other cached, cache writes 5m and 1h, audio not cached,
 *    images (where told in tokens) and the rest; the answer into reasoning, audio, images and the
 *    rest; in this order, and never more
 *    parts than the whole has tokens.
 * 3. A part whose price the list lacks is charged with the next one: cached audio as cached input,
 *    1h writes as 5m writes, everything else as input; reasoning, audio and image output as output.
 * What then has no price at all costs nothing and has no line.
 * 4. A line is quantity * price * multiplier, rounded half up to a pico-dollar. The multiplier is
 *    `service_tier`'s (1.0 for names the list does not have, and ""), but 1.0 for web searches and
 *    the price per request. The total is the sum of the lines. */
void cost_compute(const struct price_list *list, const struct usage *u, struct str service_tier,
                  int64_t at_us, struct cost *out);
/* The greatest cost of a request of at most `input` and `output` tokens, whatever part they are,
 * at any hour and service tier; images and web searches are not in it. */
int64_t cost_upper_pico(const struct price_list *list, int64_t input, int64_t output);
/* The same for what is no token: characters to speak, pictures to make, audio to hear (of `u`;
 * unknown: 0). */
int64_t cost_upper_units_pico(const struct price_list *list, const struct usage *u);
/* Which price of a picture holds for what was asked: "QUALITY/SIZE", else "SIZE", else "QUALITY"
 * (words compare without case; "" not asked). For usage.picture_price. */
uint8_t price_list_picture(const struct price_list *list, struct str quality, struct str size);

#endif
