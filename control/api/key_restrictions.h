/* The fields `models`, `providers` and `ip_ranges` of an API key: reads and judges them. */
#ifndef DOTEB_CONTROL_API_KEY_RESTRICTIONS_H
#define DOTEB_CONTROL_API_KEY_RESTRICTIONS_H

#include "control/input.h"

enum { KEY_RESTRICTIONS_MAX = 100 }; /* elements of each */

struct key_restrictions_input {
    const json_t *models, *providers, *ip_ranges; /* NULL: not given */
};

/* The rows of the input table. */
#define KEY_RESTRICTIONS_INPUT(in)                                                                 \
    KEY_RESTRICTIONS_ROW(in, models), KEY_RESTRICTIONS_ROW(in, providers),                         \
        KEY_RESTRICTIONS_ROW(in, ip_ranges)
#define KEY_RESTRICTIONS_ROW(in, field)                                                            \
    {                                                                                              \
        .name = #field, .kind = INPUT_ARRAY, .max = KEY_RESTRICTIONS_MAX, .to = &(in)->field       \
    }

/* Is every element something that exists, or a network? False after writing the problem, which
 * names the element ("ip_ranges[1]"). Asks the catalogue only if something in it is named. */
MUST_USE bool key_restrictions_judge(struct call *c, const struct key_restrictions_input *in);
/* The list as JSON in the call's arena; STR_NULL if it was not given. */
struct str key_restrictions_text(struct call *c, const json_t *list);

#endif
