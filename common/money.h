/* Money in int64 pico-dollars (1e-12 USD), sums in __int128. No floating point.
 *
 * A price is pico-dollars per unit (token, image, request). A line's amount is
 * quantity * price * multiplier, rounded half up to one pico-dollar after all multipliers.
 */
#ifndef DOTEB_COMMON_MONEY_H
#define DOTEB_COMMON_MONEY_H

#include "common/buf.h"
#include "common/defs.h"
#include "common/str.h"

#define PICO_PER_USD INT64_C(1000000000000)

/* Prices have sub-pico digits ("0.0378e-6" per token is 37,800 pico exactly, but 1/3 prices exist):
 * held as femto-dollars (1e-15 USD) per unit. */
struct price {
    int64_t femto; /* femto-dollars per unit, >= 0 */
};

/* Decimal text, also with exponent ("1.75e-6", "0.003", "30.0e-6"), in USD. False if it is no
 * number, is negative, has digits below 1e-15 that are not zero, or is over 9,000 USD per unit. */
MUST_USE bool price_parse(struct str s, struct price *out);
/* Shortest exact decimal in USD per unit, "0.00000175". */
void price_format(struct price p, struct buf *out);
/* quantity >= 0 units at `p` times multiplier_milli/1000 (1000 = 1.0), rounded half up to a
 * pico-dollar; saturates at INT64_MAX. */
int64_t money_line_pico(int64_t quantity, struct price p, int64_t multiplier_milli);
/* Sum that saturates at INT64_MAX. */
int64_t money_add(int64_t a_pico, int64_t b_pico);
/* Shortest exact decimal in USD, "0.0000425", "-1.5"; never an exponent. */
void money_format(int64_t pico, struct buf *out);
/* Decimal USD text to pico-dollars; false if no number or beyond range. */
MUST_USE bool money_parse(struct str s, int64_t *pico);

#endif
