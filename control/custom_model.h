/* Models of an organisation's own provider, as a caller of the API gives them. */
#ifndef DOTEB_CONTROL_CUSTOM_MODEL_H
#define DOTEB_CONTROL_CUSTOM_MODEL_H

#include <jansson.h>

#include "control/call.h"

enum { CUSTOM_MODELS_MAX = 500 };

/* Judges the list and fills in what is not said: `*out` is JSON for custom_provider_store_models,
 * in the call's arena. False after writing the problem, which names the element and its field. */
MUST_USE bool custom_models_read(struct call *c, const json_t *models, struct str *out);

#endif
