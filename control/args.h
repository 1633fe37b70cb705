/* Command line words: `--name value`, `--name=value`, flags and positional words, by table. */
#ifndef DOTEB_CONTROL_ARGS_H
#define DOTEB_CONTROL_ARGS_H

#include "common/defs.h"

struct arg {
    const char *name;   /* "--email"; NULL: the next positional word, */
    const char *what;   /* which messages call so */
    const char **value; /* borrowed from argv; or */
    bool *flag;         /* set to true */
    bool required;
};

/* Fills the table's targets. False after a message on stderr. */
MUST_USE bool args_parse(int argc, char *const *argv, const struct arg *table, size_t n);
/* The first line of stdin without its end, at most `max` - 1 bytes, NUL-terminated. False, after a
 * message on stderr, if there is none or it is longer. The caller wipes it if it is a secret. */
MUST_USE bool args_read_line(const char *what, char *out, size_t max);
/* The same for all of stdin: line ends inside stay, those at the end fall away. */
MUST_USE bool args_read_all(const char *what, char *out, size_t max);

#endif
