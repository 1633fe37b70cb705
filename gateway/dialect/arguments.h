/* Arguments of calls between the dialects that write them as an object and those that write them as
 * a string which holds one (struct ir_json). Pure; scratch memory is freed before return.
 */
#ifndef DOTEB_DIALECT_ARGUMENTS_H
#define DOTEB_DIALECT_ARGUMENTS_H

#include "gateway/ir/chat.h"
#include "gateway/wire/json_write.h"

/* Writes arguments as a JSON object; none at all (empty, blanks, null) are `{}`. False, with
 * nothing written: they are no JSON object. */
MUST_USE bool args_write_object(struct json_write *w, struct ir_json json);
/* The same for answers, which nobody can refuse: what is no object becomes {"arguments":"..."}. */
void args_write_object_anyhow(struct json_write *w, struct ir_json json);
/* Writes arguments as a string; none at all are "{}". */
void args_write_string(struct json_write *w, struct ir_json json);
/* Writes a fragment of a stream as a string, an empty one as "". */
void args_write_fragment(struct json_write *w, struct ir_json json);
/* Appends the JSON text itself: decoded if it was quoted. */
bool args_add_json(struct ir_json json, struct buf *out);

#endif
