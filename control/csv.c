/* CSV. Any thread. */
#include "control/csv.h"

#include <string.h>

void csv_cell(struct buf *out, struct str text)
{
    (void)buf_add_char(out, '"');
    if (text.len && text.p[0] != '\0' && strchr("=+-@\t\r\n", text.p[0]))
        (void)buf_add_char(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] == '"')
            (void)buf_add_char(out, '"');
        (void)buf_add_char(out, text.p[i]);
    }
    (void)buf_add_char(out, '"');
}

void csv_row(struct buf *out, const struct str *cells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i)
            (void)buf_add_char(out, ',');
        csv_cell(out, cells[i]);
    }
    (void)buf_add_lit(out, "\r\n");
}
