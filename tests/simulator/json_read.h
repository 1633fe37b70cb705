/* Small readers over jansson values that every protocol's parser uses. Strings borrow. */
#ifndef DOTEB_SIM_JSON_READ_H
#define DOTEB_SIM_JSON_READ_H

#include <jansson.h>

#include "common/str.h"

/* p NULL when `v` is no string. */
static inline struct str json_str(const json_t *v)
{
    return str_make(json_string_value(v), json_string_length(v));
}

/* The string member `key` of `o`, or STR_NULL. */
static inline struct str json_member(const json_t *o, const char *key)
{
    return json_str(json_object_get(o, key));
}

/* The member under either of two names (camelCase and snake_case, old and new). */
static inline json_t *json_either(const json_t *o, const char *a, const char *b)
{
    json_t *v = json_object_get(o, a);
    return v ? v : json_object_get(o, b);
}

static inline uint32_t json_u32(const json_t *v, uint32_t otherwise)
{
    return json_is_integer(v) && json_integer_value(v) >= 0 && json_integer_value(v) < UINT32_MAX
               ? (uint32_t)json_integer_value(v)
               : otherwise;
}

/* The text of a function's result that is an object: its usual members, or the first string. */
struct str json_result(const json_t *object);

/* A body as jansson reads it; integers beyond 64 bits, which are JSON, make it read all integers
 * as reals, the top level's whole ones restored. Returns owned, NULL when it is no JSON. */
json_t *json_read(struct str body);

#endif
