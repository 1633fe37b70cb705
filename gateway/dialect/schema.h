/* JSON Schemas of answers: what they need for providers that take fewer kinds of them. Pure; memory
 * from the caller's arena.
 */
#ifndef DOTEB_DIALECT_SCHEMA_H
#define DOTEB_DIALECT_SCHEMA_H

#include "common/arena.h"
#include "common/defs.h"
#include "common/str.h"

/* The schema for models whose output a grammar constrains (Anthropic, "Structured outputs", also at
 * Bedrock): every object is closed (`additionalProperties: false`). .p NULL: it says more than such
 * a grammar can hold to (bounds, recursion, open objects, `oneOf`, ...). */
struct str schema_strict(struct str schema, struct arena *a);
/* Does it describe an object, so that it may stand where one must (a tool's arguments, OpenAI's
 * formats)? */
bool schema_is_object(struct str schema);
/* The schema of a tool's arguments as such: `"type": "object"` where none is said. */
struct str schema_of_arguments(struct str schema, struct arena *a);
/* {"value": ...} of it, its definitions where references find them. .p NULL: a reference would lead
 * elsewhere. */
struct str schema_wrap(struct str schema, struct arena *a);

#endif
