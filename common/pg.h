/* PostgreSQL through libpq, which only common/pg*.c include. Synchronous, one connection a thread;
 * never called from a worker loop.
 *
 * Statements are prepared once per connection under their name. Parameters are text unless given as
 * bytes. Every statement runs under a statement_timeout; a server that does not keep it loses its
 * connection 3 s later. Errors come back as enum pg_err, the server's message stays in pg_error()
 * (never holds parameters' values: log it freely).
 */
#ifndef DOTEB_COMMON_PG_H
#define DOTEB_COMMON_PG_H

#include "common/buf.h"
#include "common/defs.h"
#include "common/str.h"
#include "common/uuid.h"

struct pg;        /* a connection */
struct pg_result; /* rows */

enum pg_err {
    PG_OK,
    PG_LOST,     /* no connection, it broke, or its server is a standby now: connect again later. A
                    COMMIT that ends so may have happened */
    PG_CONFLICT, /* unique or exclusion violation */
    PG_MISSING,  /* foreign key violation */
    PG_RETRY,    /* serialisation failure, deadlock, lock or statement timeout, no resources, or a
                    statement whose plan a migration outdated: the same again may work */
    PG_INVALID,  /* any other refusal of the statement */
};

enum pg_param_kind { PGP_NULL, PGP_TEXT, PGP_BYTES };

struct pg_param {
    enum pg_param_kind kind;
    struct str s;         /* borrowed for the call */
    char inline_text[40]; /* numbers and uuids format here */
    uint8_t inline_len;
};

struct pg_param pgp_null(void);
struct pg_param pgp_text(struct str s);
struct pg_param pgp_cstr(const char *z); /* NULL gives NULL */
struct pg_param pgp_bytes(const void *p, size_t len);
struct pg_param pgp_i64(int64_t v);
struct pg_param pgp_bool(bool v);
struct pg_param pgp_uuid(struct uuid u);
/* timestamptz of microseconds since 1970 (0 to the end of the year 9999). */
struct pg_param pgp_time_us(int64_t wall_us);

/* Whether libpq can make sense of it; connects to nothing. */
bool pg_is_url(const char *url);
/* Returns owned, or NULL with the reason in `err`. `application` shows in pg_stat_activity.
 * connect_timeout 5 s, tcp keepalives, statement_timeout `timeout_ms` (0: none). */
struct pg *pg_connect(const char *url, const char *application, int timeout_ms, char err[256]);
void pg_close(struct pg *pg);
/* False once the connection broke. */
bool pg_alive(const struct pg *pg);
const char *pg_error(const struct pg *pg);
/* The constraint named by the last PG_CONFLICT or PG_MISSING, "" otherwise. */
const char *pg_constraint(const struct pg *pg);

/* A statement: name and text are constants. */
struct pg_stmt {
    const char *name;
    const char *sql;
};

/* Runs `st` (prepared at first use). On PG_OK `*out` is an owned result (also for commands); `out`
 * may be NULL. */
MUST_USE enum pg_err pg_run(struct pg *pg, const struct pg_stmt *st, const struct pg_param *params,
                            size_t n, struct pg_result **out);
/* Runs SQL text with no parameters and possibly several statements (migrations, BEGIN, COPY
 * set-up). */
MUST_USE enum pg_err pg_exec(struct pg *pg, const char *sql, struct pg_result **out);
MUST_USE enum pg_err pg_begin(struct pg *pg);
/* A transaction in which a statement that would change something fails. */
MUST_USE enum pg_err pg_begin_read_only(struct pg *pg);
/* PG_INVALID if a statement of the transaction had failed: all of it was rolled back. */
MUST_USE enum pg_err pg_commit(struct pg *pg);
/* Never fails visibly: a broken connection has rolled back by itself. */
void pg_rollback(struct pg *pg);

/* COPY ... FROM STDIN: begin with pg_exec-like text, put rows in COPY text format, end. A put only
 * fails if the connection does; bad rows show at the end. */
MUST_USE enum pg_err pg_copy_begin(struct pg *pg, const char *sql);
MUST_USE enum pg_err pg_copy_put(struct pg *pg, struct str data);
MUST_USE enum pg_err pg_copy_end(struct pg *pg);

void pg_result_free(struct pg_result *r);
size_t pg_rows(const struct pg_result *r);
/* Rows that a command touched. */
int64_t pg_affected(const struct pg_result *r);
bool pg_is_null(const struct pg_result *r, size_t row, int col);
/* Borrowed until the result is freed; "" for NULL. */
struct str pg_str(const struct pg_result *r, size_t row, int col);
int64_t pg_i64(const struct pg_result *r, size_t row, int col);
bool pg_bool(const struct pg_result *r, size_t row, int col);
struct uuid pg_uuid(const struct pg_result *r, size_t row, int col);
/* bytea as hex text to bytes: returns the length, at most `max`; -1 if longer. */
ptrdiff_t pg_bytes(const struct pg_result *r, size_t row, int col, uint8_t *out, size_t max);
/* timestamptz selected as `(extract(epoch from x) * 1000000)::bigint` is pg_i64. */

/* LISTEN support. */
int pg_fd(const struct pg *pg);
/* Reads what has arrived without blocking; calls `fn` for each notification. PG_LOST if broken.
 * Notifications that came along with another statement's answer wait for this call, not for pg_fd.
 */
typedef void pg_notify_fn(void *arg, struct str channel, struct str payload);
MUST_USE enum pg_err pg_notifications(struct pg *pg, pg_notify_fn *fn, void *arg);
/* Large results row by row (single-row mode): calls `fn` for each row until it returns false, which
 * gives PG_OK. `r` holds that row as row 0 and is gone after the call; `fn` runs no statement on
 * `pg`. Stopping early cancels the statement, or inside a transaction reads the rest unseen. */
typedef bool pg_row_fn(void *arg, const struct pg_result *r);
MUST_USE enum pg_err pg_each(struct pg *pg, const struct pg_stmt *st, const struct pg_param *params,
                             size_t n, pg_row_fn *fn, void *arg);

#endif
