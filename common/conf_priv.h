/* One setting: text to field and back. Shared by conf.c and conf_value.c. */
#ifndef DOTEB_COMMON_CONF_PRIV_H
#define DOTEB_COMMON_CONF_PRIV_H

#include "common/buf.h"
#include "common/conf.h"

/* Forgets what the field holds (strings become NULL). */
void conf_field_init(const struct conf_row *row, void *target);
/* Frees a string (wipes a secret) and forgets it. */
void conf_field_fini(const struct conf_row *row, void *target);
/* Sets the field from text; on failure `err` names the variable and what was expected. */
MUST_USE bool conf_store(const struct conf_row *row, struct str text, void *target, char err[512]);
/* Reads a regular file whole, up to the cap of `out`; on failure `why` (160 bytes at least) says
 * which file and why. */
MUST_USE bool conf_read_file(const char *path, struct buf *out, char *why);

#endif
