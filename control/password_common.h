/* The 10,000 most common passwords of at least 8 characters: what a guesser tries first. From the
 * list of zxcvbn 4.5.0 (passwords/LICENSE.zxcvbn); its shorter ones are refused by their length.
 * Any thread.
 */
#ifndef DOTEB_CONTROL_PASSWORD_COMMON_H
#define DOTEB_CONTROL_PASSWORD_COMMON_H

#include <stddef.h>

#include "common/defs.h"
#include "common/str.h"

/* passwords/common.txt as it is: lower case, sorted by byte, each line ended. */
extern const char common_passwords[];
extern const size_t common_passwords_len;

/* In any case of letters. */
MUST_USE bool common_password(struct str password);

#endif
