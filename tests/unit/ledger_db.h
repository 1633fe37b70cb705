/* A database with the real schema for the ledger's tests, a spool folder, and questions to both. */
#ifndef DOTEB_TESTS_LEDGER_DB_H
#define DOTEB_TESTS_LEDGER_DB_H

#include "common/pg.h"
#include "gateway/ledger/spool.h"
#include "gateway/ledger/writer.h"

/* Makes an empty database with the schema and the organisations that sample_uuid(1), (11) and (21)
 * name. */
void ledger_db_begin(void);
void ledger_db_end(void);
/* The database's URL, and a connection to it. Borrowed. */
const char *ledger_db_url(void);
struct pg *ledger_db(void);
/* Lets nobody in and throws everybody out; lets them in again. */
void ledger_db_close_doors(void);
void ledger_db_open_doors(void);
/* Runs SQL; answers its first value as a number. */
void ledger_run(const char *sql);
int64_t ledger_number(const char *sql);
/* A query over all sums that says for each table how far it is off what the log says: 0 rows. */
void ledger_check_sums(void);
/* So many labels have rows of their own on the fullest day, and others have one together. */
void ledger_check_rows_of_day(const char *table, int most);

/* A new empty folder, and its end. Static memory. */
const char *ledger_folder(void);
void ledger_folder_end(void);
size_t ledger_folder_count(const char *suffix);

struct spool *ledger_spool(const char *dir, unsigned lanes);
struct writer *ledger_writer(struct spool *s);

#endif
