/* Bootstrap configuration: environment over file, through a table of rows.
 *
 * Each daemon has one .def file of rows CONF(field, type, "DOTEB_NAME", "default", "help") and a
 * struct made from it; `docs/configuration.md` is generated from the same rows (doteb-gateway
 * --print-config-doc, doteb-control --print-config-doc). What a tenant can change lives in
 * PostgreSQL, not here. Names are the same in the file (NAME=value lines, `export` before them or
 * not, # comments).
 */
#ifndef DOTEB_COMMON_CONF_H
#define DOTEB_COMMON_CONF_H

#include "common/defs.h"
#include "common/str.h"

enum conf_type {
    CONF_STRING, /* char *, owned by the configuration */
    CONF_SECRET, /* char *, never printed; DOTEB_X_FILE=path reads it from a file instead */
    CONF_INT,    /* int64_t with min and max */
    CONF_BOOL,   /* bool: true/false/1/0/yes/no/on/off */
    CONF_MS,     /* int64_t milliseconds: "250ms", "5s", "2m", "1h" */
    CONF_BYTES,  /* int64_t: "64MB", "4KB", "1GB" (powers of 1024), plain bytes */
};

struct conf_row {
    const char *name; /* environment name */
    enum conf_type type;
    size_t offset;    /* of the field in the daemon's struct */
    const char *def;  /* default as text; NULL: required */
    int64_t min, max; /* CONF_INT, CONF_MS, CONF_BYTES; both 0: no bound */
    const char *help; /* one sentence or two, for docs/configuration.md */
};

/* Fills `*target` from the file (DOTEB_CONFIG, if set) and the environment. On failure false and a
 * message naming the variable, its value (not a secret's) and what was expected in `err`; nothing
 * stays allocated. An empty value counts as not set. Unknown DOTEB_* names in the file are an error
 * naming the nearest one; in the environment a warning in the log. */
MUST_USE bool conf_load(const struct conf_row *rows, size_t n, void *target, char err[512]);
/* The same from the file's text (at most 1 MiB; may be empty) and an environment ("NAME=value",
 * ended by NULL): what conf_load does once it has read both. */
MUST_USE bool conf_load_from(const struct conf_row *rows, size_t n, struct str text,
                             char *const *env, void *target, char err[512]);
/* Whether a file that a setting names can be read; "" names none, which is fine. */
bool conf_may_read(const char *path);
/* Frees what conf_load allocated (secrets wiped). */
void conf_free(const struct conf_row *rows, size_t n, void *target);
/* NAME=value lines to stdout, secrets as "(set)" or "(not set)". A URL that may hold a password is
 * a CONF_SECRET. */
void conf_print(const struct conf_row *rows, size_t n, const void *target);
/* A Markdown table of the rows to stdout. */
void conf_print_doc(const struct conf_row *rows, size_t n);

#endif
