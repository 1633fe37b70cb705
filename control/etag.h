/* ETags of the API's objects, and preconditions on edits: nobody overwrites what they have not
 * read. The tag is a hash of the object as the API shows it, without what usage counts.
 */
#ifndef DOTEB_CONTROL_ETAG_H
#define DOTEB_CONTROL_ETAG_H

#include "control/call.h"

/* "" for what is no JSON object. */
void etag_of(struct str item, char out[ETAG_LEN + 1]);
/* Appends the object with its tag as the field "etag". */
void etag_add(struct buf *out, struct str item);
/* Holds If-Match against what the call's note says was there. False after writing 412. */
MUST_USE bool etag_check(struct call *c);
/* The same by the handler, against the thing it acts on, where the note is of something else. */
MUST_USE bool etag_check_item(struct call *c, struct str item);
/* The tag of what is there now, as the answer's header, and as a field of its body if `field`. */
void etag_answer(struct call *c, struct str now, bool field);

#endif
