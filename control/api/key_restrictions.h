/* The fields `models`, `providers` and `ip_ranges` of an API key: reads and judges them. */
#ifndef DOTEB_CONTROL_API_KEY_RESTRICTIONS_H
#define DOTEB_CONTROL_API_KEY_RESTRICTIONS_H

#include "control/input.h"
#include "control/store/api_key_store.h"

enum { KEY_RESTRICTIONS_MAX = 100 }; /* elements of each */

struct key_restrictions_input {
    const json_t *models, *providers, *ip_ranges; /* NULL: not given */
    const char *lead;                             /* before their names; NULL: nothing */
};

/* The rows of the input table. */
#define KEY_RESTRICTIONS_INPUT(in) KEY_RESTRICTIONS_INPUT_AS("", in)
/* With a word before each name. */
#define KEY_RESTRICTIONS_INPUT_AS(lead, in)                                                        \
    KEY_RESTRICTIONS_ROW(lead, in, models), KEY_RESTRICTIONS_ROW(lead, in, providers),             \
        KEY_RESTRICTIONS_ROW(lead, in, ip_ranges)
#define KEY_RESTRICTIONS_ROW(lead, in, field)                                                      \
    {                                                                                              \
        .name = lead #field, .kind = INPUT_ARRAY, .max = KEY_RESTRICTIONS_MAX, .to = &(in)->field  \
    }

/* Is every element something that exists, or a network? False after writing the problem, which
 * names the element ("ip_ranges[1]"). Asks the catalogue only if something in it is named. */
MUST_USE bool key_restrictions_judge(struct call *c, const struct key_restrictions_input *in);
/* The lists as JSON in the call's arena; STR_NULL for what was not given. */
struct api_key_restrictions key_restrictions_texts(struct call *c,
                                                   const struct key_restrictions_input *in);

#endif
