/* What a file is, by its first bytes and by its label. Pure.
 */
#ifndef DOTEB_IR_MEDIA_H
#define DOTEB_IR_MEDIA_H

#include "common/str.h"
#include "gateway/ir/chat.h"

enum { MEDIA_HEAD_BYTES = 16 }; /* as many tell what a file is */

/* "image/png", "image/jpeg", "image/gif", "image/webp" or "application/pdf", by how a file begins;
 * "" none of them. Static. */
struct str media_sniff(struct str head);
/* The type that a Content-Type names, in its usual spelling and without parameters; "" if it says
 * nothing ("application/octet-stream"). Static, or borrowed from it. */
struct str media_label(struct str content_type);
/* Is a file of that type what a part of this kind (IMAGE or FILE) holds? */
bool media_fits(enum ir_kind kind, struct str type);

#endif
