/* Makes any bytes into text that PostgreSQL takes: valid UTF-8 without NUL. Pure; any thread. */
#ifndef DOTEB_LEDGER_UTF8_H
#define DOTEB_LEDGER_UTF8_H

#include "common/defs.h"
#include "common/str.h"

/* Copies `s` into `out`, at most `cap` bytes and only whole characters: each invalid byte becomes
 * U+FFFD, NULs are left out. Returns the length; `*cut` is set when something did not fit. */
size_t utf8_clean(struct str s, char *out, size_t cap, bool *cut);

#endif
