/* What the pg*.c files share. Only they include libpq. */
#ifndef DOTEB_COMMON_PG_PRIV_H
#define DOTEB_COMMON_PG_PRIV_H

#include <libpq-fe.h>

#include "common/map.h"
#include "common/pg.h"

struct pg {
    uint32_t magic;
    PGconn *conn;
    int deadline_ms;     /* of each wait for the server; 0: none */
    bool broken;         /* stays set: the owner closes and connects again */
    bool stale;          /* prepared statements no longer fit the schema: forget them all */
    struct map prepared; /* name -> const struct pg_stmt */
    char error[512];
    char constraint[64];
};

struct pg_result {
    uint32_t magic;
    PGresult *res;
};

enum { PG_MAGIC = 0x70676373, PG_RESULT_MAGIC = 0x70677265 };

/* Parameters as libpq takes them. One heap block; texts are copied into it, since libpq wants them
 * NUL-terminated. */
struct pg_packed {
    void *block;
    const char **values;
    int *lengths;
    int *formats;
};

/* Packs `n` parameters; they must outlive `out`. False if one is a text with a NUL byte or too
 * long; `*bad` is its index. */
MUST_USE bool pg_pack(struct pg_packed *out, const struct pg_param *params, size_t n, size_t *bad);
void pg_packed_fini(struct pg_packed *p);

/* Takes `res`; returns owned. */
struct pg_result *pg_result_new(PGresult *res);

/* Keeps the message and constraint of a failed `res` (NULL: of the connection) and classes it. */
enum pg_err pg_fail(struct pg *pg, const PGresult *res, const char *stmt_name);

#endif
