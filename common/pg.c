/* A PostgreSQL connection: connecting, statements, transactions, COPY, notifications. One thread a
 * connection; calls block, so never in a worker loop. Errors keep the server's message without the
 * values it may quote: nothing that a caller passed as a parameter reaches pg_error().
 */
#include "common/pg_priv.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/mem.h"

enum { MAX_PARAMS = 65535, GRACE_MS = 3000 /* for the server to keep its own deadline first */ };

static void quiet(void *arg, const PGresult *res)
{
    (void)arg;
    (void)res; /* notices may quote values and nobody reads them */
}

static PGconn *start(const char *url, const char *application)
{
    /* Words before dbname are defaults that the URL may change; those after it are ours. Kerberos
     * encryption is off by default: probing for it reads files at each connection, and its library
     * does not stand several threads that connect at once under a thread sanitizer. */
    const char *const words[] = {"connect_timeout",
                                 "keepalives_idle",
                                 "keepalives_interval",
                                 "keepalives_count",
                                 "tcp_user_timeout",
                                 "gssencmode",
                                 "dbname",
                                 "application_name",
                                 "client_encoding",
                                 NULL};
    const char *const values[] = {"5",       "15", "5",         "3",    "30000",
                                  "disable", url,  application, "UTF8", NULL};
    return PQconnectdbParams(words, values, 1);
}

/* The caller's text is never repeated: a mistyped URL may hold a password. */
bool pg_is_url(const char *url)
{
    bool prefix = strncmp(url, "postgres://", 11) == 0 || strncmp(url, "postgresql://", 13) == 0;
    if (!prefix && !strchr(url, '='))
        return false;
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    PQconninfoFree(options);
    return options != NULL;
}

static void trim_line(char *text)
{
    struct str s = str_trim(str_of(text));
    memmove(text, s.p, s.len);
    text[s.len] = '\0';
    for (char *p = text; *p; p++)
        if (*p == '\n')
            *p = ' ';
}

struct pg *pg_connect(const char *url, const char *application, int timeout_ms, char err[256])
{
    ASSERT(timeout_ms >= 0);
    if (!pg_is_url(url)) {
        (void)snprintf(err, 256, "not a PostgreSQL URL (postgresql://user@host:port/name)");
        return NULL;
    }
    struct pg *pg = xcalloc(1, sizeof *pg);
    pg->magic = PG_MAGIC;
    map_init(&pg->prepared);
    pg->deadline_ms = timeout_ms > 0 ? timeout_ms + GRACE_MS : 0;
    pg->conn = start(url, application);
    ASSERT(pg->conn != NULL);
    PQsetNoticeReceiver(pg->conn, quiet, NULL);
    char settings[160];
    (void)snprintf(settings, sizeof settings,
                   "SET statement_timeout = %d; SET timezone = 'UTC'; SET datestyle = 'ISO'; "
                   "SET bytea_output = 'hex'",
                   timeout_ms);
    if (PQstatus(pg->conn) != CONNECTION_OK)
        (void)pg_fail(pg, NULL, "");
    else if (pg_exec(pg, settings, NULL) == PG_OK)
        return pg;
    (void)snprintf(err, 256, "%.255s", pg->error);
    pg_close(pg);
    return NULL;
}

void pg_close(struct pg *pg)
{
    if (!pg)
        return;
    CHECK(pg, PG_MAGIC);
    PQfinish(pg->conn);
    map_fini(&pg->prepared);
    pg->magic = 0;
    xfree(pg);
}

bool pg_alive(const struct pg *pg)
{
    CHECK(pg, PG_MAGIC);
    return !pg->broken;
}

const char *pg_error(const struct pg *pg)
{
    CHECK(pg, PG_MAGIC);
    return pg->error;
}

const char *pg_constraint(const struct pg *pg)
{
    CHECK(pg, PG_MAGIC);
    return pg->constraint;
}

int pg_fd(const struct pg *pg)
{
    CHECK(pg, PG_MAGIC);
    return PQsocket(pg->conn);
}

static enum pg_err class_of(const char *state)
{
    /* The first row whose text begins the SQLSTATE decides. */
    static const struct {
        const char *state;
        enum pg_err err;
    } classes[] = {
        {"23505", PG_CONFLICT}, {"23P01", PG_CONFLICT}, {"23503", PG_MISSING}, {"40", PG_RETRY},
        {"55P03", PG_RETRY},    {"57014", PG_RETRY},    {"53", PG_RETRY},      {"58", PG_RETRY},
        {"08", PG_LOST},        {"57P", PG_LOST},       {"25006", PG_LOST}, /* a standby now:
                                                                               connect again */
    };
    for (size_t i = 0; i < ARRAY_LEN(classes); i++)
        if (str_starts(str_of(state), str_of(classes[i].state)))
            return classes[i].err;
    return PG_INVALID;
}

static const char *field(const PGresult *res, int code)
{
    const char *text = PQresultErrorField(res, code);
    return text ? text : "";
}

/* The primary message names tables, columns and constraints; only those about data (class 22) quote
 * values, so these are replaced. Detail and context lines quote rows and are left out. */
static void keep_error(struct pg *pg, const PGresult *res, const char *stmt_name)
{
    const char *state = field(res, PG_DIAG_SQLSTATE);
    const char *text = field(res, PG_DIAG_MESSAGE_PRIMARY);
    const char *at = field(res, PG_DIAG_STATEMENT_POSITION);
    if (strncmp(state, "22", 2) == 0)
        text = "a value was refused";
    (void)snprintf(pg->error, sizeof pg->error, "%s: %.320s%s%.12s%s%.64s%s", state, text,
                   *at ? " at character " : "", at, *stmt_name ? " (statement " : "", stmt_name,
                   *stmt_name ? ")" : "");
    trim_line(pg->error);
}

enum pg_err pg_fail(struct pg *pg, const PGresult *res, const char *stmt_name)
{
    const char *state = field(res, PG_DIAG_SQLSTATE);
    enum pg_err err = *state ? class_of(state) : PG_INVALID;
    pg->constraint[0] = '\0';
    if (*state) {
        keep_error(pg, res, stmt_name);
    } else {
        (void)snprintf(pg->error, sizeof pg->error, "%.500s", PQerrorMessage(pg->conn));
        trim_line(pg->error);
    }
    if (err == PG_CONFLICT || err == PG_MISSING)
        (void)snprintf(pg->constraint, sizeof pg->constraint, "%.63s",
                       field(res, PG_DIAG_CONSTRAINT_NAME));
    /* A migration changed a table under a prepared statement, or a pooler lost it. */
    bool replan = strcmp(field(res, PG_DIAG_SOURCE_FUNCTION), "RevalidateCachedQuery") == 0;
    if (strcmp(state, "26000") == 0 || (strcmp(state, "0A000") == 0 && replan)) {
        pg->stale = true;
        err = PG_RETRY;
    }
    if (PQstatus(pg->conn) != CONNECTION_OK)
        err = PG_LOST;
    if (err == PG_LOST)
        pg->broken = true;
    return err;
}

static enum pg_err refuse(struct pg *pg, const char *why)
{
    pg->constraint[0] = '\0';
    (void)snprintf(pg->error, sizeof pg->error, "%s", why);
    return PG_INVALID;
}

/* Waits for a result until the deadline, at which the connection is cut off: what libpq then waits
 * for comes at once. The server's own deadline is sooner, if it answers at all. */
static void await(struct pg *pg)
{
    const int64_t end_us = clock_mono_us() + (int64_t)pg->deadline_ms * 1000;
    while (pg->deadline_ms > 0 && PQstatus(pg->conn) == CONNECTION_OK && PQisBusy(pg->conn)) {
        struct pollfd p = {.fd = PQsocket(pg->conn), .events = POLLIN};
        const int64_t left_us = end_us - clock_mono_us();
        if (left_us <= 0)
            (void)shutdown(p.fd, SHUT_RDWR);
        else if (poll(&p, 1, (int)(left_us / 1000 + 1)) <= 0)
            continue;
        if (!PQconsumeInput(pg->conn))
            return;
    }
}

static PGresult *next_result(struct pg *pg)
{
    await(pg);
    return PQgetResult(pg->conn);
}

/* The last result of what was sent, as of PQexec; NULL: the connection is lost. */
static PGresult *last_result(struct pg *pg, int sent)
{
    PGresult *last = NULL;
    PGresult *next;
    while (sent && (next = next_result(pg)) != NULL) {
        PQclear(last);
        last = next;
        ExecStatusType st = PQresultStatus(last);
        if (st == PGRES_COPY_IN || st == PGRES_COPY_OUT || st == PGRES_COPY_BOTH ||
            PQstatus(pg->conn) != CONNECTION_OK)
            break;
    }
    return last;
}

static PGresult *exec(struct pg *pg, const char *sql)
{
    return last_result(pg, PQsendQuery(pg->conn, sql));
}

/* A COPY that was not asked for by pg_copy_begin is ended; one that sends us rows ends the
 * connection. */
static enum pg_err refuse_copy(struct pg *pg, ExecStatusType st)
{
    pg->broken |= st != PGRES_COPY_IN || PQputCopyEnd(pg->conn, "not asked for") != 1;
    for (PGresult *res; !pg->broken && (res = next_result(pg)) != NULL;)
        PQclear(res);
    return refuse(pg, "COPY needs pg_copy_begin");
}

/* Takes `res`. */
static enum pg_err finish(struct pg *pg, PGresult *res, const char *name, struct pg_result **out)
{
    ExecStatusType st = PQresultStatus(res);
    enum pg_err err = PG_OK;
    if (out)
        *out = NULL;
    if (st == PGRES_COPY_IN || st == PGRES_COPY_OUT || st == PGRES_COPY_BOTH)
        err = refuse_copy(pg, st);
    else if (st != PGRES_COMMAND_OK && st != PGRES_TUPLES_OK && st != PGRES_EMPTY_QUERY)
        err = pg_fail(pg, res, name);
    if (err == PG_OK && out)
        *out = pg_result_new(res);
    else
        PQclear(res);
    return err;
}

enum pg_err pg_exec(struct pg *pg, const char *sql, struct pg_result **out)
{
    CHECK(pg, PG_MAGIC);
    if (out)
        *out = NULL;
    if (pg->broken)
        return PG_LOST;
    return finish(pg, exec(pg, sql), "", out);
}

/* Statements are forgotten only outside a transaction: a failed one takes no commands. */
static void forget_stale(struct pg *pg)
{
    if (!pg->stale || PQtransactionStatus(pg->conn) != PQTRANS_IDLE)
        return;
    if (pg_exec(pg, "DEALLOCATE ALL", NULL) != PG_OK)
        return;
    map_fini(&pg->prepared);
    map_init(&pg->prepared);
    pg->stale = false;
}

static enum pg_err prepare(struct pg *pg, const struct pg_stmt *st)
{
    forget_stale(pg);
    const struct pg_stmt *known = map_get(&pg->prepared, str_of(st->name));
    if (known) {
        ASSERT(known->sql == st->sql || strcmp(known->sql, st->sql) == 0);
        return PG_OK;
    }
    enum pg_err err = finish(
        pg, last_result(pg, PQsendPrepare(pg->conn, st->name, st->sql, 0, NULL)), st->name, NULL);
    if (err == PG_OK)
        (void)map_put(&pg->prepared, str_of(st->name), (void *)(uintptr_t)st);
    return err;
}

/* Checks the connection, prepares, packs. On PG_OK the caller ends with pg_packed_fini. */
static enum pg_err ready(struct pg *pg, const struct pg_stmt *st, const struct pg_param *params,
                         size_t n, struct pg_packed *packed)
{
    CHECK(pg, PG_MAGIC);
    ASSERT(n <= MAX_PARAMS);
    if (pg->broken)
        return PG_LOST;
    enum pg_err err = prepare(pg, st);
    size_t bad = 0;
    if (err != PG_OK || pg_pack(packed, params, n, &bad))
        return err;
    char why[96];
    (void)snprintf(why, sizeof why, "parameter %zu of %.40s has a NUL byte or is too long", bad + 1,
                   st->name);
    return refuse(pg, why);
}

enum pg_err pg_run(struct pg *pg, const struct pg_stmt *st, const struct pg_param *params, size_t n,
                   struct pg_result **out)
{
    struct pg_packed p;
    if (out)
        *out = NULL;
    enum pg_err err = ready(pg, st, params, n, &p);
    if (err != PG_OK)
        return err;
    int sent = PQsendQueryPrepared(pg->conn, st->name, (int)n, p.values, p.lengths, p.formats, 0);
    pg_packed_fini(&p);
    return finish(pg, last_result(pg, sent), st->name, out);
}

enum pg_err pg_begin(struct pg *pg)
{
    return pg_exec(pg, "BEGIN", NULL);
}

enum pg_err pg_begin_read_only(struct pg *pg)
{
    return pg_exec(pg, "BEGIN READ ONLY", NULL);
}

enum pg_err pg_commit(struct pg *pg)
{
    struct pg_result *r;
    enum pg_err err = pg_exec(pg, "COMMIT", &r);
    /* COMMIT of a transaction that had failed succeeds, as a ROLLBACK. */
    if (err == PG_OK && strcmp(PQcmdStatus(r->res), "COMMIT") != 0)
        err = refuse(pg, "the transaction had failed and was rolled back");
    pg_result_free(r);
    return err;
}

void pg_rollback(struct pg *pg)
{
    CHECK(pg, PG_MAGIC);
    if (pg->broken || PQtransactionStatus(pg->conn) == PQTRANS_IDLE)
        return;
    PGresult *res = exec(pg, "ROLLBACK");
    if (PQresultStatus(res) != PGRES_COMMAND_OK)
        pg->broken = true; /* its state is unknown: do not use it again */
    PQclear(res);
}

enum pg_err pg_copy_begin(struct pg *pg, const char *sql)
{
    CHECK(pg, PG_MAGIC);
    if (pg->broken)
        return PG_LOST;
    PGresult *res = exec(pg, sql);
    if (PQresultStatus(res) != PGRES_COPY_IN) {
        enum pg_err err = finish(pg, res, "", NULL);
        return err == PG_OK ? refuse(pg, "not a COPY ... FROM STDIN") : err;
    }
    PQclear(res);
    return PG_OK;
}

enum pg_err pg_copy_put(struct pg *pg, struct str data)
{
    enum { PIECE = 1 << 20 };
    CHECK(pg, PG_MAGIC);
    while (data.len && !pg->broken) {
        size_t n = data.len < PIECE ? data.len : PIECE;
        if (PQputCopyData(pg->conn, data.p, (int)n) != 1)
            return pg_fail(pg, NULL, "");
        data = str_make(data.p + n, data.len - n);
    }
    return pg->broken ? PG_LOST : PG_OK;
}

/* Reads results to the end; the first failure counts. */
static enum pg_err drain(struct pg *pg, const char *name)
{
    enum pg_err err = PG_OK;
    PGresult *res;
    while ((res = next_result(pg)) != NULL) {
        ExecStatusType st = PQresultStatus(res);
        bool fine = st == PGRES_COMMAND_OK || st == PGRES_TUPLES_OK || st == PGRES_SINGLE_TUPLE;
        if (!fine && err == PG_OK)
            err = pg_fail(pg, res, name);
        PQclear(res);
        if (PQstatus(pg->conn) != CONNECTION_OK)
            break;
    }
    return err;
}

enum pg_err pg_copy_end(struct pg *pg)
{
    CHECK(pg, PG_MAGIC);
    if (pg->broken)
        return PG_LOST;
    if (PQputCopyEnd(pg->conn, NULL) != 1)
        return pg_fail(pg, NULL, "");
    return drain(pg, "");
}

enum pg_err pg_notifications(struct pg *pg, pg_notify_fn *fn, void *arg)
{
    CHECK(pg, PG_MAGIC);
    if (pg->broken)
        return PG_LOST;
    if (!PQconsumeInput(pg->conn) || PQstatus(pg->conn) != CONNECTION_OK) {
        (void)pg_fail(pg, NULL, "");
        pg->broken = true;
        return PG_LOST;
    }
    PGnotify *note;
    while ((note = PQnotifies(pg->conn)) != NULL) {
        fn(arg, str_of(note->relname), str_of(note->extra));
        PQfreemem(note);
    }
    return PG_OK;
}

static void cancel(struct pg *pg)
{
    char why[64];
    PGcancel *c = PQgetCancel(pg->conn);
    if (c)
        (void)PQcancel(c, why, sizeof why);
    PQfreeCancel(c);
}

/* Hands rows over until `fn` has enough. True: it stopped early, results are still to come. */
static bool hand_rows(struct pg *pg, const char *name, pg_row_fn *fn, void *arg, enum pg_err *err)
{
    PGresult *res;
    while (*err == PG_OK && (res = next_result(pg)) != NULL) {
        struct pg_result row = {.magic = PG_RESULT_MAGIC, .res = res};
        ExecStatusType st = PQresultStatus(res);
        bool more = true;
        if (st == PGRES_SINGLE_TUPLE)
            more = fn(arg, &row);
        else if (st != PGRES_TUPLES_OK)
            *err = pg_fail(pg, res, name);
        PQclear(res);
        if (!more)
            return true;
    }
    return false;
}

enum pg_err pg_each(struct pg *pg, const struct pg_stmt *st, const struct pg_param *params,
                    size_t n, pg_row_fn *fn, void *arg)
{
    struct pg_packed p;
    enum pg_err err = ready(pg, st, params, n, &p);
    if (err != PG_OK)
        return err;
    bool alone = PQtransactionStatus(pg->conn) == PQTRANS_IDLE;
    int sent = PQsendQueryPrepared(pg->conn, st->name, (int)n, p.values, p.lengths, p.formats, 0);
    pg_packed_fini(&p);
    if (!sent)
        return pg_fail(pg, NULL, st->name);
    ASSERT(PQsetSingleRowMode(pg->conn));
    bool stopped = hand_rows(pg, st->name, fn, arg, &err);
    if (stopped && alone)
        cancel(pg); /* inside a transaction this would fail all of it: read the rest instead */
    enum pg_err rest = drain(pg, st->name);
    if (stopped && alone && rest == PG_RETRY)
        rest = PG_OK; /* the cancelled statement */
    return err != PG_OK ? err : rest;
}
