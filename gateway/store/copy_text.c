/* COPY's text format. Runs on the ledger's writer thread. A field ends with a tab; the row's end
 * turns the last tab into a newline.
 */
#include "gateway/store/copy_text.h"

#include "common/clock.h"
#include "common/money.h"
#include "common/word.h"

static void end_field(struct buf *b)
{
    (void)buf_add_char(b, '\t');
}

void copy_end_row(struct buf *b)
{
    ASSERT(b->failed || (b->len > 0 && b->p[b->len - 1] == '\t'));
    if (!b->failed)
        b->p[b->len - 1] = '\n';
}

void copy_null(struct buf *b)
{
    (void)buf_add_lit(b, "\\N");
    end_field(b);
}

void copy_i64(struct buf *b, int64_t v)
{
    (void)buf_add_i64(b, v);
    end_field(b);
}

void copy_id(struct buf *b, int64_t v)
{
    if (v == 0)
        copy_null(b);
    else
        copy_i64(b, v);
}

void copy_bool(struct buf *b, bool v)
{
    (void)buf_add_char(b, v ? 't' : 'f');
    end_field(b);
}

void copy_uuid(struct buf *b, struct uuid u)
{
    char text[UUID_TEXT_LEN + 1];
    uuid_format(u, text);
    (void)buf_add(b, text, UUID_TEXT_LEN);
    end_field(b);
}

void copy_time(struct buf *b, int64_t wall_us)
{
    char text[25];
    clock_format_iso(wall_us, text);
    (void)buf_add(b, text, 23); /* up to the milliseconds */
    int us = (int)(wall_us % 1000);
    const char rest[4] = {(char)('0' + us / 100), (char)('0' + us / 10 % 10), (char)('0' + us % 10),
                          'Z'};
    (void)buf_add(b, rest, sizeof rest);
    end_field(b);
}

void copy_ipv4(struct buf *b, const uint8_t ip[4])
{
    for (size_t i = 0; i < 4; i++) {
        if (i > 0)
            (void)buf_add_char(b, '.');
        (void)buf_add_i64(b, ip[i]);
    }
    end_field(b);
}

void copy_money(struct buf *b, int64_t pico)
{
    money_format(pico, b);
    end_field(b);
}

static bool is_plain(uint64_t w)
{
    return !(word_has_less(w, 0x20) | word_has(w, '\\'));
}

/* What COPY takes literally, in runs; the rest escaped. */
static void add_escaped(struct buf *b, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        while (i + WORD_BYTES < s.len && is_plain(word_load(s.p + i)))
            i += WORD_BYTES;
        char c = s.p[i];
        char escape = c == '\\' ? '\\' : c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : 0;
        if (!escape)
            continue;
        (void)buf_add(b, s.p + from, i - from);
        (void)buf_add_char(b, '\\');
        (void)buf_add_char(b, escape);
        from = i + 1;
    }
    (void)buf_add(b, s.p + from, s.len - from);
}

void copy_text(struct buf *b, struct str s)
{
    if (s.len > 0)
        add_escaped(b, s);
    end_field(b);
}

void copy_some_text(struct buf *b, struct str s)
{
    if (s.len == 0)
        copy_null(b);
    else
        copy_text(b, s);
}

void copy_texts(struct buf *b, const struct str *s, size_t n)
{
    (void)buf_add_char(b, '{');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            (void)buf_add_char(b, ',');
        (void)buf_add_char(b, '"');
        for (size_t k = 0; k < s[i].len; k++) {
            char c = s[i].p[k];
            if (c == '"' || c == '\\') /* the array's escape, itself escaped for COPY */
                (void)buf_add_lit(b, "\\\\");
            add_escaped(b, str_make(s[i].p + k, 1));
        }
        (void)buf_add_char(b, '"');
    }
    (void)buf_add_char(b, '}');
    end_field(b);
}

void copy_i64s(struct buf *b, const int64_t *v, size_t n)
{
    (void)buf_add_char(b, '{');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            (void)buf_add_char(b, ',');
        (void)buf_add_i64(b, v[i]);
    }
    (void)buf_add_char(b, '}');
    end_field(b);
}

enum pg_err copy_send(struct pg *pg, const char *sql, const struct buf *b)
{
    ASSERT(!b->failed);
    enum pg_err err = pg_copy_begin(pg, sql);
    if (err != PG_OK)
        return err;
    err = pg_copy_put(pg, buf_str(b));
    enum pg_err end = pg_copy_end(pg);
    return err != PG_OK ? err : end;
}
