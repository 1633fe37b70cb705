/* Schema migrations, forward only. The SQL of migrations/ is part of the program, so that a binary
 * knows exactly the schema it was built for. Each file runs in a transaction of its own together
 * with its row in schema_migrations, under an advisory lock: interrupted anywhere it can run again,
 * and two at once do the work once.
 */
#ifndef DOTEB_CONTROL_MIGRATE_H
#define DOTEB_CONTROL_MIGRATE_H

#include "common/pg.h"

struct migration {
    int version;      /* >= 1, ascending */
    const char *name; /* file name, "0001_init.sql" */
    const char *sql;  /* NUL-terminated */
    size_t len;       /* bytes of sql */
};

extern const struct migration migrations_known[];
extern const size_t migrations_known_len;

/* How often a file is tried that waits for a lock: two minutes in all. */
enum { MIGRATE_TRIES = 24 };

/* Applies what is missing of `list`, a file up to `tries` times while somebody holds a lock that it
 * needs: it waits for one for seconds only, since everybody else waits behind it. True with how
 * many in `*applied`; false with the reason in `err`: a file that was changed after it ran, a
 * database of a newer program, or SQL that failed (everything before it stays applied). */
MUST_USE bool migrate_run(struct pg *pg, const struct migration *list, size_t n, int tries,
                          int *applied, char err[512]);
/* Is the database exactly at `list`? False with the reason in `err`. Changes nothing. */
MUST_USE bool migrate_check(struct pg *pg, const struct migration *list, size_t n, char err[512]);

#endif
