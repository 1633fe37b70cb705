/* Cells of a CSV file (RFC 4180) that a spreadsheet takes for text and never for a formula. */
#ifndef DOTEB_CONTROL_CSV_H
#define DOTEB_CONTROL_CSV_H

#include "common/buf.h"

/* In quotes. What a spreadsheet would compute gets an apostrophe before it. */
void csv_cell(struct buf *out, struct str text);
/* Ends a row after its cells; without a comma before the first. */
void csv_row(struct buf *out, const struct str *cells, size_t n);

#endif
