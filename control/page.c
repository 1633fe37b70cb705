/* Keyset paging: a cursor is base64url of the last row's sort keys, each after its length. It holds
 * nothing that the page did not show, so it is not signed; whatever it says, the store's filters
 * hold. Job threads.
 */
#include "control/page.h"

#include <sodium.h>

#include "control/etag.h"

void page_init(struct page *p)
{
    *p = (struct page){.limit = 50};
}

bool page_bad_cursor(struct call *c)
{
    return input_refuse(c, "cursor", "it is not a cursor of this list.");
}

bool page_open(struct call *c, struct page *p, size_t n)
{
    size_t len = 0;
    ASSERT(n <= PAGE_KEYS_MAX);
    if (!p->after)
        return true;
    uint8_t *bytes = arena_alloc(c->arena, p->raw.len + 1);
    if (sodium_base642bin(bytes, p->raw.len + 1, p->raw.p, p->raw.len, NULL, &len, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return page_bad_cursor(c);
    struct str rest = str_make((const char *)bytes, len);
    for (size_t i = 0; i < n; i++) {
        size_t key = rest.len ? (unsigned char)rest.p[0] : 0;
        if (rest.len < 1 + key)
            return page_bad_cursor(c);
        p->key[i] = str_make(rest.p + 1, key);
        rest = str_make(rest.p + 1 + key, rest.len - 1 - key);
        if (!str_is_utf8(p->key[i]) || str_find(p->key[i], '\0') >= 0)
            return page_bad_cursor(c);
    }
    return rest.len == 0 || page_bad_cursor(c);
}

bool page_place(struct call *c, struct page *p, struct place *out)
{
    if (!page_open(c, p, 2))
        return false;
    out->given = p->after;
    return !p->after || (str_to_i64(p->key[0], &out->us) && uuid_parse(p->key[1], &out->id)) ||
           page_bad_cursor(c);
}

static void write_cursor(struct call *c, const struct str *key_of, size_t n)
{
    struct buf keys;
    buf_init(&keys, 1024);
    for (size_t i = 0; i < n; i++) {
        struct str key = key_of[i];
        ASSERT(key.len <= 255);
        (void)buf_add_char(&keys, (char)key.len);
        (void)buf_add_str(&keys, key);
    }
    size_t max = sodium_base64_encoded_len(keys.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = arena_alloc(c->arena, max);
    (void)sodium_bin2base64(text, max, (const uint8_t *)keys.p, keys.len,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    (void)buf_printf(&c->reply.body, "\"%s\"", text);
    buf_fini(&keys);
}

void page_write(struct call *c, const struct page *p, const struct pg_result *r, size_t n)
{
    struct buf *out = call_json(c, 200);
    size_t rows = pg_rows(r), limit = (size_t)p->limit;
    size_t shown = rows < limit ? rows : limit;
    (void)buf_add_lit(out, "{\"items\":[");
    for (size_t i = 0; i < shown; i++) {
        if (i)
            (void)buf_add_char(out, ',');
        if (c->with_etags)
            etag_add(out, pg_str(r, i, 0));
        else
            (void)buf_add_str(out, pg_str(r, i, 0));
    }
    (void)buf_add_lit(out, "],\"next_cursor\":");
    struct str keys[PAGE_KEYS_MAX];
    ASSERT(n <= PAGE_KEYS_MAX);
    for (size_t i = 0; i < n && rows > limit; i++)
        keys[i] = pg_str(r, limit - 1, (int)i + 1);
    if (rows > limit)
        write_cursor(c, keys, n);
    else
        (void)buf_add_lit(out, "null");
    (void)buf_add_lit(out, "}\n");
}

void page_write_items(struct call *c, const struct str *items, size_t n, const struct place *next)
{
    struct buf *out = call_json(c, 200);
    (void)buf_add_lit(out, "{\"items\":[");
    for (size_t i = 0; i < n; i++) {
        if (i)
            (void)buf_add_char(out, ',');
        (void)buf_add_str(out, items[i]);
    }
    (void)buf_add_lit(out, "],\"next_cursor\":");
    if (next->given) {
        char id[UUID_TEXT_LEN + 1];
        uuid_format(next->id, id);
        const struct str keys[] = {str_of(arena_printf(c->arena, "%lld", (long long)next->us)),
                                   str_of(id)};
        write_cursor(c, keys, ARRAY_LEN(keys));
    } else {
        (void)buf_add_lit(out, "null");
    }
    (void)buf_add_lit(out, "}\n");
}

void page_answer(struct call *c, const struct page *p, enum pg_err e, struct pg_result *r, size_t n)
{
    if (e == PG_OK)
        page_write(c, p, r, n);
    else
        (void)call_failed(c, e);
    pg_result_free(r);
}
