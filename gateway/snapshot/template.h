/* URLs of providers as configured: `{region}`, `{project}` and `{resource}` are filled from a
 * provider key's options. Pure checks; any thread. */
#ifndef DOTEB_SNAPSHOT_TEMPLATE_H
#define DOTEB_SNAPSHOT_TEMPLATE_H

#include "common/defs.h"
#include "common/str.h"

/* Is it http(s)://host[:port][/path], without user, query or fragment, with none but the three
 * placeholders? `*out` is the same without trailing slashes (borrowed). On false `*why` says what
 * is wrong (static). */
MUST_USE bool template_check_url(struct str url, struct str *out, const char **why);
/* Begins with a slash and holds nothing that would end a request line or the path. */
MUST_USE bool template_check_path(struct str path);
/* May it replace a placeholder? (^[a-z0-9][a-z0-9-]{0,62}$) */
MUST_USE bool template_check_value(struct str value);
/* Does the URL need the option (by name, without braces)? */
bool template_needs(struct str url, struct str option);

#endif
