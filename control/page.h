/* Pages of lists: `limit` and an opaque `cursor` that carries the sort key of the last row. */
#ifndef DOTEB_CONTROL_PAGE_H
#define DOTEB_CONTROL_PAGE_H

#include "control/input.h"
#include "control/store/place.h"

enum { PAGE_KEYS_MAX = 2, PAGE_LIMIT_MAX = 200 };

struct page {
    int64_t limit;                 /* 1..200, 50 without a word */
    struct str raw;                /* the cursor as given */
    bool after;                    /* there was one */
    struct str key[PAGE_KEYS_MAX]; /* of the row to go on after */
};

/* The rows of the input table for `limit` and `cursor`. */
#define PAGE_INPUT(page)                                                                           \
    {.name = "limit", .kind = INPUT_INT, .min = 1, .max = PAGE_LIMIT_MAX, .to = &(page)->limit},   \
    {                                                                                              \
        .name = "cursor", .kind = INPUT_TEXT, .min = 0, .max = 512, .to = &(page)->raw,            \
        .given = &(page)->after                                                                    \
    }

void page_init(struct page *p);
/* Opens the cursor into `n` keys after the input was read. False after writing the problem. */
MUST_USE bool page_open(struct call *c, struct page *p, size_t n);
/* The same for a list in the order of a time and an id. */
MUST_USE bool page_place(struct call *c, struct page *p, struct place *out);
/* For keys that a cursor must hold as numbers or ids: a refusal of the cursor. Always false. */
bool page_bad_cursor(struct call *c);
/* Writes {"items":[...],"next_cursor":...}: column 0 of each row is an item's JSON, columns 1.. are
 * its `n` sort keys. The rows are at most limit + 1; one beyond the limit says there is more. */
void page_write(struct call *c, const struct page *p, const struct pg_result *r, size_t n);
/* The same of a list that was put together: all `n` items, and where it goes on, if it does. */
void page_write_items(struct call *c, const struct str *items, size_t n, const struct place *next);
/* The same as page_write, or the problem of a query that failed. Takes `r`. */
void page_answer(struct call *c, const struct page *p, enum pg_err e, struct pg_result *r,
                 size_t n);

#endif
