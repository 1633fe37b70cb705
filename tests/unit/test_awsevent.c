/* awsevent: every stream whole, byte by byte and at every single cut gives the same frames; what is
 * broken fails; what is written is read back. That the bytes are AWS's is tests/golden's part. */
#include "gateway/wire/awsevent.h"

#include <zlib.h>

#include "common/mem.h"
#include "gateway/wire/framing.h"
#include "tests/unit/unit.h"

enum { CAP = 4096 };

static void put_u32(struct buf *out, uint32_t v)
{
    for (int i = 24; i >= 0; i -= 8)
        buf_add_char(out, (char)(v >> i & 0xff));
}

/* A frame with these header bytes, made without the writer under test. */
static void add_frame(struct buf *out, struct str headers, struct str payload)
{
    struct buf f;
    buf_init(&f, 1 << 20);
    put_u32(&f, (uint32_t)(16 + headers.len + payload.len));
    put_u32(&f, (uint32_t)headers.len);
    put_u32(&f, (uint32_t)crc32(0, (const unsigned char *)f.p, 8));
    if (headers.len)
        buf_add_str(&f, headers);
    if (payload.len)
        buf_add_str(&f, payload);
    put_u32(&f, (uint32_t)crc32(0, (const unsigned char *)f.p, (unsigned)f.len));
    buf_add_str(out, buf_str(&f));
    buf_fini(&f);
}

/* type|payload|raw's length; for each frame ("!" before exceptions), then ! if failed, ~ if
 * partial. */
static void collect(struct awsevent *s, struct buf *out)
{
    struct awsevent_frame f;
    while (awsevent_next(s, &f)) {
        buf_printf(out, "%s" STR_FMT "|", f.exception ? "!" : "", STR_ARG(f.type));
        buf_add_str(out, f.payload);
        buf_printf(out, "|%zu;", f.raw.len);
    }
}

static void feed(struct awsevent *s, struct str bytes, struct buf *out)
{
    char *copy = xmalloc(bytes.len + 1); /* gone after the feed: it must have been copied */
    memcpy(copy, bytes.p, bytes.len);
    ck_assert(awsevent_feed(s, str_make(copy, bytes.len)) != awsevent_failed(s));
    xfree(copy);
    collect(s, out);
}

static void check_cut(struct str text, size_t first, size_t step, const char *want)
{
    struct awsevent s;
    struct buf out;
    buf_init(&out, 1 << 20);
    awsevent_init(&s, CAP);
    size_t at = first < text.len ? first : text.len;
    feed(&s, str_make(text.p, at), &out);
    for (; at < text.len; at += step)
        feed(&s, str_make(text.p + at, text.len - at < step ? text.len - at : step), &out);
    if (awsevent_failed(&s))
        buf_add_char(&out, '!');
    else if (awsevent_partial(&s))
        buf_add_char(&out, '~');
    ck_assert(!awsevent_failed(&s) || !awsevent_feed(&s, STR("x")));
    awsevent_fini(&s);
    ck_assert_msg(str_eq(buf_str(&out), str_of(want)),
                  "cut at %zu: got \"" STR_FMT "\", expected \"%s\"", first, STR_ARG(buf_str(&out)),
                  want);
    buf_fini(&out);
}

static void check(struct str text, const char *want)
{
    check_cut(text, SIZE_MAX, 1, want);
    check_cut(text, 0, 1, want);
    for (size_t cut = 0; cut <= text.len; cut++) {
        check_cut(text, cut, SIZE_MAX / 2, want);
        check_cut(text, cut, 7, want);
    }
}

#define EVENT(type, len) "\x0b:event-type\x07\x00" len type

static const struct {
    const char *headers;
    size_t len;
    const char *payload, *want; /* want: of the one frame */
} rows[] = {
#define ROW(h, p, w)                                                                               \
    {                                                                                              \
        h, sizeof(h) - 1, p, w                                                                     \
    }
    ROW("", "", "||16;"),
    ROW("", "{}", "|{}|18;"),
    ROW(EVENT("abc", "\x03"), "{}", "abc|{}|36;"),
    ROW(EVENT("", "\x00"), "{}", "|{}|33;"),
    ROW("\x0f:exception-type\x07\x00\x01t\x0d:message-type\x07\x00\x09"
        "exception",
        "{}", "!t|{}|64;"),
    ROW("\x0d:message-type\x07\x00\x05"
        "error\x0b:error-code\x07\x00\x01"
        "e",
        "", "!e||54;"),
    ROW("\x0d:message-type\x07\x00\x05"
        "event" EVENT("e", "\x01"),
        "", "e||54;"),
    /* every type of value, then the one that is looked for */
    ROW("\x01"
        "a\x00\x01"
        "b\x01\x01"
        "c\x02\x7f\x01"
        "d\x03\x01\x02\x01"
        "e\x04\x01\x02\x03\x04\x01"
        "f\x05\x01\x02\x03\x04\x05\x06\x07\x08\x01"
        "g\x06\x00\x03xyz\x01"
        "h\x07\x00\x02hi\x01"
        "i\x08\x01\x02\x03\x04\x05\x06\x07\x08\x01"
        "j\x09"
        "0123456789abcdef" EVENT("z", "\x01"),
        "p", "z|p|111;"),
    /* of another type than text it tells nothing */
    ROW("\x0b:event-type\x06\x00\x01z", "p", "|p|33;"),
    /* broken headers: cut name, no type, unknown type, cut value, cut length, empty name */
    ROW("\x05"
        "ab",
        "", "!"),
    ROW("\x02"
        "ab",
        "", "!"),
    ROW("\x01"
        "a\x0a",
        "", "!"),
    ROW("\x01"
        "a\x04\x01\x02\x03",
        "", "!"),
    ROW("\x01"
        "a\x07\x00",
        "", "!"),
    ROW("\x01"
        "a\x07\x00\x02x",
        "", "!"),
    ROW("\x00\x00", "", "!"),
    ROW(EVENT("ok", "\x02") "\x01", "", "!"),
#undef ROW
};

START_TEST(headers_of_all_types)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf b;
        buf_init(&b, 1 << 20);
        add_frame(&b, str_make(rows[i].headers, rows[i].len), str_of(rows[i].payload));
        check(buf_str(&b), rows[i].want);
        buf_fini(&b);
    }
}
END_TEST

START_TEST(several_frames_at_every_cut)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 3; i++) {
        size_t begin = awsevent_begin(&b, STR("delta"), i == 2);
        buf_printf(&b, "{\"n\":%d}", i);
        ck_assert(awsevent_end(&b, begin));
    }
    check(buf_str(&b), "delta|{\"n\":0}|98;delta|{\"n\":1}|98;!delta|{\"n\":2}|106;");
    check(str_make(b.p, b.len - 1), "delta|{\"n\":0}|98;delta|{\"n\":1}|98;~");
    check(str_make(b.p, 99), "delta|{\"n\":0}|98;~");
    buf_fini(&b);
}
END_TEST

/* A flipped bit anywhere in the second frame: the first one comes, then it fails (or waits, if the
 * flip is in a length whose sum is not there yet: it always is here). */
START_TEST(every_flipped_bit_fails)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    add_frame(&b, STR(EVENT("a", "\x01")), STR("{}"));
    size_t first = b.len;
    add_frame(&b, STR(EVENT("b", "\x01")), STR("{\"x\":1}"));
    for (size_t bit = first * 8; bit < b.len * 8; bit++) {
        b.p[bit / 8] = (char)(b.p[bit / 8] ^ 1 << bit % 8);
        check_cut(buf_str(&b), SIZE_MAX, 1, "a|{}|34;!");
        check_cut(buf_str(&b), 0, 1, "a|{}|34;!");
        b.p[bit / 8] = (char)(b.p[bit / 8] ^ 1 << bit % 8);
    }
    check_cut(buf_str(&b), 0, 1, "a|{}|34;b|{\"x\":1}|39;");
    buf_fini(&b);
}
END_TEST

/* Twelve bytes with a right sum and wrong lengths: no waiting for the rest. */
static void check_prelude(uint32_t total, uint32_t headers, const char *want)
{
    struct buf b;
    buf_init(&b, 64);
    put_u32(&b, total);
    put_u32(&b, headers);
    put_u32(&b, (uint32_t)crc32(0, (const unsigned char *)b.p, 8));
    check(buf_str(&b), want);
    buf_fini(&b);
}

START_TEST(lengths_are_capped)
{
    check_prelude(16, 0, "~");
    check_prelude(CAP, CAP - 16, "~");
    check_prelude(15, 0, "!");
    check_prelude(0, 0, "!");
    check_prelude(16, 1, "!");
    check_prelude(CAP, CAP - 15, "!");
    check_prelude(CAP + 1, 0, "!");
    check_prelude(UINT32_MAX, UINT32_MAX, "!");
    check_prelude(100, UINT32_MAX, "!");
}
END_TEST

START_TEST(headers_are_found_by_name)
{
    struct buf b;
    struct awsevent s;
    struct awsevent_frame f;
    buf_init(&b, 1 << 20);
    awsevent_init(&s, CAP);
    add_frame(&b, STR("\x01n\x04\x00\x00\x00\x01\x0e:error-message\x07\x00\x03no!"), STR(""));
    ck_assert(awsevent_feed(&s, buf_str(&b)) && awsevent_next(&s, &f));
    ck_assert_text(awsevent_header(f.raw, STR(":error-message")), "no!");
    ck_assert_ptr_null(awsevent_header(f.raw, STR("n")).p);
    ck_assert_ptr_null(awsevent_header(f.raw, STR(":error")).p);
    ck_assert(str_eq(f.raw, buf_str(&b)));
    awsevent_fini(&s);
    buf_fini(&b);
}
END_TEST

START_TEST(a_full_buffer_is_told)
{
    for (size_t max = 0; max < 98; max++) {
        struct buf b;
        buf_init(&b, max);
        size_t begin = awsevent_begin(&b, STR("delta"), false);
        buf_add_lit(&b, "{\"n\":0}");
        ck_assert(!awsevent_end(&b, begin));
        buf_fini(&b);
    }
}
END_TEST

START_TEST(framing_knows_both)
{
    struct framing f;
    struct frame frame;
    struct buf b;
    enum framing_kind kind;
    ck_assert(framing_find(STR("aws-event-stream"), &kind) && kind == FRAMING_AWS);
    ck_assert_text(framing_media(kind), "application/vnd.amazon.eventstream");
    ck_assert(framing_find(STR("sse"), &kind) && kind == FRAMING_SSE);
    ck_assert(!framing_find(STR("aws"), &kind));
    buf_init(&b, CAP);
    size_t begin = awsevent_begin(&b, STR("e"), true);
    buf_add_lit(&b, "{}");
    ck_assert(awsevent_end(&b, begin));
    framing_init(&f, FRAMING_AWS, CAP);
    ck_assert(framing_feed(&f, str_make(b.p, b.len - 1)) && !framing_next(&f, &frame));
    ck_assert(framing_partial(&f) && !framing_end(&f) && !framing_failed(&f));
    ck_assert(framing_feed(&f, str_make(b.p + b.len - 1, 1)) && framing_next(&f, &frame));
    ck_assert(frame.exception && str_eq(frame.raw, buf_str(&b)));
    ck_assert_text(frame.type, "e");
    ck_assert_text(frame.data, "{}");
    ck_assert(!framing_partial(&f) && framing_feed(&f, STR("data: {}\n\n")));
    ck_assert(!framing_next(&f, &frame) && !framing_failed(&f)); /* ten bytes: no prelude yet */
    ck_assert(framing_feed(&f, STR("\n\n")) && !framing_next(&f, &frame) && framing_failed(&f));
    framing_fini(&f);
    framing_fini(&f);
    ck_assert(!framing_partial(&f) && !framing_failed(&f));
    buf_fini(&b);
}
END_TEST

UNIT_MAIN("awsevent", headers_of_all_types, several_frames_at_every_cut, every_flipped_bit_fails,
          lengths_are_capped, headers_are_found_by_name, a_full_buffer_is_told, framing_knows_both)
