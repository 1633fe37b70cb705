/* Money: amounts in int64 pico-dollars (1e-12 USD), prices in int64 femto-dollars (1e-15 USD) per
 * unit (token, image, request). No floating point; products are made in __int128.
 *
 * Ranges: an amount holds up to 9,223,372.03 USD, so a request or a line fits with room; sums over
 * many requests belong into __int128 or PostgreSQL numeric. A price holds up to 9,223.37 USD per
 * unit, of which price_parse accepts 9,000. A line's amount is quantity * price * multiplier,
 * rounded half up to one pico-dollar after all multipliers.
 */
#ifndef DOTEB_COMMON_MONEY_H
#define DOTEB_COMMON_MONEY_H

#include "common/buf.h"
#include "common/defs.h"
#include "common/str.h"

#define PICO_PER_USD  INT64_C(1000000000000)
#define FEMTO_PER_USD INT64_C(1000000000000000)
/* The dearest price that price_parse accepts, femto-dollars per unit. */
#define PRICE_MAX_FEMTO (9000 * FEMTO_PER_USD)

/* Femto-dollars leave three digits below the pico-dollar for prices that are computed from others
 * (a third, a share of a list price). */
struct price {
    int64_t femto; /* femto-dollars per unit, >= 0 */
};

/* Decimal text, also with exponent ("1.75e-6", "0.003", "30.0e-6"), in USD. False if it is no
 * number, is negative, has digits below 1e-15 that are not zero, or is over 9,000 USD per unit. */
MUST_USE bool price_parse(struct str s, struct price *out);
/* Shortest exact decimal in USD per unit, "0.00000175"; price >= 0. */
void price_format(struct price p, struct buf *out);
/* `quantity` units at `p` times multiplier_milli/1000 (1000 = 1.0, >= 0), rounded half up to a
 * pico-dollar; saturates at INT64_MAX. A quantity below 0 counts as 0. */
int64_t money_line_pico(int64_t quantity, struct price p, int64_t multiplier_milli);
/* The same where `p` is the price of `per` of those units (> 0): still rounded once. */
int64_t money_share_pico(int64_t quantity, int64_t per, struct price p, int64_t multiplier_milli);
/* Sum that saturates at INT64_MAX and INT64_MIN. */
int64_t money_add(int64_t a_pico, int64_t b_pico);
/* Shortest exact decimal in USD, "0.0000425", "-1.5"; never an exponent. */
void money_format(int64_t pico, struct buf *out);
/* Decimal USD text (may be negative, may have an exponent) to pico-dollars. False if it is no
 * number, has digits below 1e-12 that are not zero, or is beyond the range. */
MUST_USE bool money_parse(struct str s, int64_t *pico);

#endif
