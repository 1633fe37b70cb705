/* Rows in the text format of PostgreSQL's COPY: fields one after the other, then the row's end.
 * Text must be what PostgreSQL takes (UTF-8 without NUL). Pure; any thread.
 */
#ifndef DOTEB_STORE_COPY_TEXT_H
#define DOTEB_STORE_COPY_TEXT_H

#include "common/buf.h"
#include "common/pg.h"

void copy_null(struct buf *b);
void copy_i64(struct buf *b, int64_t v);
/* NULL for 0. */
void copy_id(struct buf *b, int64_t v);
void copy_bool(struct buf *b, bool v);
void copy_uuid(struct buf *b, struct uuid u);
/* timestamptz; 0 <= wall_us, before the year 10000. */
void copy_time(struct buf *b, int64_t wall_us);
/* inet */
void copy_ipv4(struct buf *b, const uint8_t ip[4]);
/* numeric USD. */
void copy_money(struct buf *b, int64_t pico);
void copy_text(struct buf *b, struct str s);
/* NULL for "". */
void copy_some_text(struct buf *b, struct str s);
/* text[] */
void copy_texts(struct buf *b, const struct str *s, size_t n);
/* bigint[] */
void copy_i64s(struct buf *b, const int64_t *v, size_t n);
/* Ends the row. */
void copy_end_row(struct buf *b);

/* Sends the rows in `b` with the COPY statement `sql`. */
MUST_USE enum pg_err copy_send(struct pg *pg, const char *sql, const struct buf *b);

#endif
