/* Growable bytes with a mandatory cap. An append that would pass the cap changes nothing and
 * returns false; so does everything after it (`failed` sticks), so that a writer may check once at
 * the end. Memory comes from the heap and doubles up to the cap.
 */
#ifndef DOTEB_COMMON_BUF_H
#define DOTEB_COMMON_BUF_H

#include "common/defs.h"
#include "common/str.h"

struct buf {
    char *p;
    size_t len; /* bytes in use */
    size_t cap; /* bytes allocated */
    size_t max; /* cap on len */
    bool failed;
};

/* Empty, nothing allocated yet; `max` bytes at most. */
void buf_init(struct buf *b, size_t max);
/* Frees the bytes; the cap stays, so the buffer may be used again. */
void buf_fini(struct buf *b);
/* Forgets the contents and the failure, keeps the memory. */
void buf_reset(struct buf *b);
/* The way of an append that needs more memory, or does not fit. */
bool buf_add_slowly(struct buf *b, const void *p, size_t len);
bool buf_add_i64(struct buf *b, int64_t v);
bool buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Room for `len` more bytes: pointer to write at, or NULL beyond the cap. Follow with buf_grew. */
MUST_USE char *buf_room(struct buf *b, size_t len);
void buf_grew(struct buf *b, size_t len);
/* Memory for at least `len` bytes in all, if the cap allows it: a hint that saves growing later. */
void buf_reserve(struct buf *b, size_t len);
/* Drops the first `len` bytes (len <= b->len). */
void buf_drop(struct buf *b, size_t len);

static inline bool buf_add(struct buf *b, const void *p, size_t len)
{
    /* cap never passes max, so room within cap is room. */
    if (UNLIKELY(b->failed || len > b->cap - b->len || len == 0))
        return buf_add_slowly(b, p, len);
    memcpy(b->p + b->len, p, len);
    b->len += len;
    return true;
}

static inline bool buf_add_char(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

static inline bool buf_add_str(struct buf *b, struct str s)
{
    return buf_add(b, s.p, s.len);
}

#define buf_add_lit(b, lit) buf_add((b), (lit), sizeof(lit) - 1)

static inline struct str buf_str(const struct buf *b)
{
    return str_make(b->p ? b->p : "", b->len);
}

/* Appends `s` as a JSON string, quotes included. Bytes that are no valid UTF-8 become U+FFFD. */
bool buf_add_json(struct buf *b, struct str s);

#endif
