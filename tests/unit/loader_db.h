/* A database with the real schema for the loader's tests, and rows in it. */
#ifndef DOTEB_TESTS_LOADER_DB_H
#define DOTEB_TESTS_LOADER_DB_H

#include "common/pg.h"

extern char *url;          /* of a database of our own */
extern struct pg *db;      /* a connection to it */
extern struct pg *outside; /* one to another database of the server */
extern char database[64];  /* the name of ours */

/* Makes the database and fills it, all but the instance's row. */
void open_database(const char *server_url);
void close_database(void);
/* Drops it and makes it anew, with the instance's row. */
void remake_database(void);
struct pg *open_url(const char *where);
/* Must succeed. */
void run_sql(struct pg *pg, const char *sql);
void runf(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* The instance's row, with a pepper that can be opened. */
void put_instance(void);
/* A key row for the text "key <n>", through any connection. */
void insert_key(struct pg *pg, uint32_t n);

#endif
