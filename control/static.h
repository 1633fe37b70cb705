/* The dashboard's files, in memory: read at start and again when index.html changes, with their
 * entity tags and the gzip and brotli forms that the build made beside them (x.js.gz, x.js.br).
 */
#ifndef DOTEB_CONTROL_STATIC_H
#define DOTEB_CONTROL_STATIC_H

#include <sys/types.h>

#include "common/defs.h"
#include "common/str.h"

struct static_file {
    struct str body, gzip, brotli; /* STR_NULL: there is no such form */
    const char *type;              /* Content-Type */
    char etag[36];                 /* quoted */
    bool immutable;                /* its name carries its hash */
};

struct static_set; /* const once made, counted */

/* Returns owned. A folder that does not exist gives an empty set; files that cannot be read, or
 * beyond 64 MB in all, are left out with a log line. */
struct static_set *static_load(const char *dir);
struct static_set *static_ref(struct static_set *s);
/* Accepts NULL. */
void static_unref(struct static_set *s);
/* The file for a raw URL path: the file itself, index.html for "/" and for paths without a dot in
 * their last part; else NULL. Borrowed while the set is held. */
const struct static_file *static_find(const struct static_set *s, struct str path);
/* When and how large the index.html is on disk: differs when the set should be read again. */
int64_t static_stamp(const char *dir);

#endif
