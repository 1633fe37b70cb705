/* A value that satisfies a JSON Schema in the simple way a test needs: the required properties (all
 * of them when none is required), first enum or union member, smallest sizes. Pure; depth-bounded.
 */
#ifndef DOTEB_SIM_SCHEMA_H
#define DOTEB_SIM_SCHEMA_H

#include <jansson.h>

/* Returns an owned value, never NULL; `schema` NULL gives an empty object. */
json_t *schema_sample(const json_t *schema);

#endif
