/* offer_prices.prices (JSON) -> struct price_list. */
#ifndef DOTEB_SNAPSHOT_PRICES_H
#define DOTEB_SNAPSHOT_PRICES_H

#include "common/str.h"
#include "gateway/ir/price.h"

enum { PRICES_JSON_MAX = 64 << 10 };

/* `err` of a list without a known price: what this version cannot charge by rather than a mistake.
 */
extern const char prices_none_known[];

/* Fills `*out` except for effective_from_us. False: the text cannot be charged by, and `err` says
 * which member is at fault. The form:
 *
 *   {"input": "1.75e-6", ...          names of PRICE_TABLE; decimal strings, USD per unit
 *    "tiers": [{"up_to_tokens": 200000, "input": ...}, ..., {"up_to_tokens": null, ...}],
 *    "peak": {"hours_utc": [[1, 4], ...], "peak": {...}, "off_peak": {...},
 *             "off_peak_days": {"days_of_week": [0, 6], "utc_offset_minutes": 480}},
 *    "service_tier_multipliers": {"priority": "1.5"}}
 *
 * Pictures may cost by what was asked for: "per_image_default", "per_image_medium/2k" (quality and
 * size), "per_image_1K" (the base prices alone can); where none fits, the default or the dearest.
 * Audio is priced by "per_audio_hour", or by the minute or second, which comes to the same.
 *
 * A tier and both sides of peak pricing take what they do not name from the base prices; the last
 * tier also holds beyond its bound; with tiers, peak pricing is left aside. "price_tiers" and
 * "peak_pricing" are accepted as other spellings. Names that are not known are ignored, but one
 * known price there must be. Among those ignored is "cache_read": it is what Alibaba asks for
 * tokens read from a cache that the request itself set up by cache_control, while usage does not
 * tell those hits from automatic ones. "cached_input" (the dearer) is charged for both. */
MUST_USE bool price_list_parse(struct str json, struct price_list *out, char err[128]);

#endif
