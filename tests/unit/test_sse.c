/* sse: every stream whole, byte by byte and at every single cut gives the same events. */
#include "gateway/wire/sse.h"

#include "common/mem.h"
#include "tests/unit/unit.h"

enum { CAP = 64 };

/* What came out, as text: type|data|id; for each event, then ! if the cap was passed, ~ if partial.
 */
static void collect(struct sse *s, struct buf *out)
{
    struct sse_event e;
    while (sse_next(s, &e)) {
        buf_add_str(out, e.type);
        buf_add_char(out, '|');
        buf_add_str(out, e.data);
        buf_add_char(out, '|');
        buf_add_str(out, e.id);
        buf_add_char(out, ';');
    }
}

static void feed(struct sse *s, struct str bytes, struct buf *out)
{
    char *copy = xmalloc(bytes.len);
    memcpy(copy, bytes.p, bytes.len);
    ck_assert(sse_feed(s, str_make(copy, bytes.len)) != sse_failed(s));
    xfree(copy);
    collect(s, out);
}

static void finish(struct sse *s, struct buf *out)
{
    if (sse_failed(s))
        buf_add_char(out, '!');
    else if (sse_partial(s))
        buf_add_char(out, '~');
    ck_assert(sse_feed(s, STR("x")) != sse_failed(s));
    sse_fini(s);
}

static void check(struct str text, size_t first, size_t step, const char *want)
{
    struct sse s;
    struct buf out;
    buf_init(&out, 1 << 20);
    sse_init(&s, CAP);
    size_t at = first < text.len ? first : text.len;
    feed(&s, str_make(text.p, at), &out);
    for (; at < text.len; at += step)
        feed(&s, str_make(text.p + at, text.len - at < step ? text.len - at : step), &out);
    finish(&s, &out);
    ck_assert_msg(str_eq(buf_str(&out), str_of(want)),
                  "\"" STR_FMT "\" cut at %zu: got \"" STR_FMT "\", expected \"%s\"", STR_ARG(text),
                  first, STR_ARG(buf_str(&out)), want);
    buf_fini(&out);
}

static const struct {
    const char *text, *want;
} rows[] = {
    {"", ""},
    {"data: a\n\n", "|a|;"},
    {"data:a\n\ndata: b\n\n", "|a|;|b|;"},
    {"data:  a \n\n", "| a |;"},
    {"data: a\r\n\r\ndata: b\r\n\r\n", "|a|;|b|;"},
    {"data: a\r\rdata: b\r\r", "|a|;|b|;"},
    {"data: a\n\r\ndata: b\r\n\n", "|a|;|b|;"},
    {"data: a\r\n\n\r\n\rdata: b\n\r", "|a|;|b|;"},
    {"data: a\ndata: b\n\n", "|a\nb|;"},
    {"data: a\r\ndata:\r\ndata: c\r\n\r\n", "|a\n\nc|;"},
    {"data\n\n", "||;"},
    {"data:\n\n", "||;"},
    {"data\ndata\n\n", "|\n|;"},
    {"event: x\ndata: a\n\ndata: b\n\n", "x|a|;|b|;"},
    {"event: x\n\ndata: b\n\n", "|b|;"},
    {"event: x\nevent: y\ndata: b\n\n", "y|b|;"},
    {"data: a\nevent: late\n\n", "late|a|;"},
    {"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", "|a|1;|b|1;|c|;"},
    {": comment\n\n: another\ndata: a\n: in between\ndata: b\n\n", "|a\nb|;"},
    {"retry: 10\nunknown: x\ndatax: 1\n data: 2\ndata: a\n\n", "|a|;"},
    {"\xEF\xBB\xBF"
     "data: a\n\n",
     "|a|;"},
    {"\xEF\xBB\xBF\xEF\xBB\xBF"
     "data: no\n\ndata: a\n\n",
     "|a|;"},
    {"data: \xEF\xBB\xBF\xF0\x9F\x98\x80\n\n", "|\xEF\xBB\xBF\xF0\x9F\x98\x80|;"},
    {"data: a: b\n\n", "|a: b|;"},
    {"data: \xFF\xFE\n\n", "|\xFF\xFE|;"},
    {"data: a\n", "~"},
    {"data: a", "~"},
    {"data: a\n\ndata: b", "|a|;~"},
    {"data: a\n\ndata: [DONE]\n", "|a|;~"},
    {"event: x\n", "~"},
    {"\xEF\xBB", "~"},
    {"\n\n\n", ""},
    {"\r\n\r\n", ""},
    {"data: a\r\n\r", "|a|;"},
    /* 64 bytes are the cap: a line of 64, one of 65, and two that are over it together */
    {"data: 890123456789012345678901234567890123456789012345678901234\n\n",
     "|890123456789012345678901234567890123456789012345678901234|;"},
    {"data: 89012345678901234567890123456789012345678901234567890123456\n\n", "!"},
    {"data: ok\n\n: 890123456789012345678901234567890123456789012345678901234567890\n\n", "|ok|;!"},
    {"data: 0123456789012345678901234567\ndata: 0123456789012345678901234567890123456\n\n", "!"},
    {"data: 01234567890123456789012345678\ndata: 01234567890123456789012345678\n\n",
     "|01234567890123456789012345678\n01234567890123456789012345678|;"},
    {": pings never add up\n: to anything over\n: the cap of an event\n: so this is fine\ndata: "
     "a\n\n",
     "|a|;"},
};

START_TEST(whole)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        check(str_of(rows[i].text), SIZE_MAX, 1, rows[i].want);
}
END_TEST

START_TEST(byte_by_byte)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        check(str_of(rows[i].text), 0, 1, rows[i].want);
}
END_TEST

START_TEST(at_every_cut)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (size_t cut = 0; cut <= strlen(rows[i].text); cut++) {
            check(str_of(rows[i].text), cut, SIZE_MAX / 2, rows[i].want);
            check(str_of(rows[i].text), cut, 3, rows[i].want);
        }
}
END_TEST

START_TEST(nul_in_id_and_long_names_are_ignored)
{
    char text[3000] = "data: a\nid: ";
    size_t n = strlen(text);
    struct sse s;
    struct sse_event e;
    memset(text + n, 'x', 2000);
    memcpy(text + n + 2000, "\n\n", 2);
    sse_init(&s, sizeof text);
    ck_assert(sse_feed(&s, STR("id: 1\ndata: z\n\nid: a\0b\ndata: y\n\n")));
    ck_assert(sse_next(&s, &e) && sse_next(&s, &e));
    ck_assert_text(e.id, "1");
    ck_assert_text(e.data, "y");
    ck_assert(!sse_next(&s, &e) && sse_feed(&s, str_make(text, n + 2002)) && sse_next(&s, &e));
    ck_assert_text(e.id, "");
    ck_assert_text(e.data, "a");
    sse_fini(&s);
}
END_TEST

/* Ten megabytes in one line, in small pieces: time must be linear, or this does not end. */
START_TEST(long_line_in_small_pieces)
{
    struct sse s;
    struct sse_event e;
    char piece[1000];
    memset(piece, 'x', sizeof piece);
    sse_init(&s, SSE_EVENT_MAX_BYTES);
    ck_assert(sse_feed(&s, STR("data: ")));
    for (int i = 0; i < 10000; i++) {
        ck_assert(!sse_next(&s, &e));
        ck_assert(sse_feed(&s, str_make(piece, sizeof piece)));
    }
    ck_assert(!sse_next(&s, &e) && sse_partial(&s));
    ck_assert(sse_feed(&s, STR("\n\n")) && sse_next(&s, &e));
    ck_assert_uint_eq(e.data.len, 10000 * sizeof piece);
    ck_assert(!sse_next(&s, &e) && !sse_partial(&s));
    sse_fini(&s);
}
END_TEST

/* Comments behind a data line are no part of its event: they must not add up either. */
START_TEST(comments_within_an_event_take_no_memory)
{
    struct sse s;
    struct sse_event e;
    sse_init(&s, CAP);
    ck_assert(sse_feed(&s, STR("data: a\n")));
    for (int i = 0; i < 10000; i++) {
        ck_assert(!sse_next(&s, &e));
        ck_assert(sse_feed(&s, STR(": a comment\nretry: 1\n")));
        ck_assert_uint_lt(s.raw.len, 4 * CAP);
    }
    ck_assert(!sse_next(&s, &e) && !sse_failed(&s) && sse_partial(&s));
    ck_assert(sse_feed(&s, STR("data: b\n\ndata: c\n\n")) && sse_next(&s, &e));
    ck_assert_text(e.data, "a\nb");
    ck_assert(sse_next(&s, &e));
    ck_assert_text(e.data, "c");
    sse_fini(&s);
}
END_TEST

UNIT_MAIN("sse", whole, byte_by_byte, at_every_cut, nul_in_id_and_long_names_are_ignored,
          long_line_in_small_pieces, comments_within_an_event_take_no_memory)
