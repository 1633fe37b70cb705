/* Token estimates. Pure arithmetic. */
#include "gateway/ir/estimate.h"

int64_t estimate_upper_input(int64_t body_bytes)
{
    return body_bytes;
}

int64_t estimate_upper_output(int64_t asked, int64_t offer_max, int64_t n)
{
    int64_t each = asked > 0 ? asked : offer_max > 0 ? offer_max : ESTIMATE_OUTPUT_DEFAULT;
    if (offer_max > 0 && each > offer_max)
        each = offer_max;
    return each * (n > 0 ? n : 1);
}

int64_t estimate_mean(int64_t text_bytes)
{
    return (text_bytes + 3) / 4;
}
