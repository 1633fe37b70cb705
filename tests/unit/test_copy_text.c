/* copy_text: what COPY would misread is escaped wherever it stands. */
#include "gateway/store/copy_text.h"
#include "tests/unit/unit.h"

static void check(struct buf *b, struct str want)
{
    struct str got = buf_str(b);
    ck_assert_msg(str_eq(got, want), "got " STR_FMT ", not " STR_FMT, STR_ARG(got), STR_ARG(want));
    buf_reset(b);
}

/* One special byte at each place of texts of each length, with the eight bytes that are looked at
 * together in view. */
START_TEST(specials_are_escaped_anywhere)
{
    static const struct {
        char byte;
        const char *escaped;
    } cases[] = {{'\\', "\\\\"}, {'\n', "\\n"},        {'\r', "\\r"}, {'\t', "\\t"}, {'"', "\""},
                 {'a', "a"},     {(char)0xC3, "\xC3"}, {' ', " "},    {0x1F, "\x1F"}};
    struct buf b, want;
    buf_init(&b, 4096);
    buf_init(&want, 4096);
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        for (size_t len = 1; len < 36; len++) {
            for (size_t at = 0; at < len; at++) {
                char text[40];
                memset(text, 'x', sizeof text);
                text[at] = cases[c].byte;
                buf_reset(&want);
                (void)buf_add(&want, text, at);
                (void)buf_add_str(&want, str_of(cases[c].escaped));
                (void)buf_add(&want, text + at + 1, len - at - 1);
                (void)buf_add_char(&want, '\t');
                copy_text(&b, str_make(text, len));
                check(&b, buf_str(&want));
            }
        }
    }
    buf_fini(&b);
    buf_fini(&want);
}
END_TEST

START_TEST(arrays_escape_twice)
{
    const struct str texts[] = {STR("a\"b"), STR("c\\d"), STR("e\tf,g")};
    struct buf b;
    buf_init(&b, 4096);
    copy_texts(&b, texts, ARRAY_LEN(texts));
    check(&b, STR("{\"a\\\\\"b\",\"c\\\\\\\\d\",\"e\\tf,g\"}\t"));
    buf_fini(&b);
}
END_TEST

START_TEST(addresses_have_four_numbers)
{
    const uint8_t ip[4] = {0, 9, 10, 255};
    struct buf b;
    buf_init(&b, 4096);
    copy_ipv4(&b, ip);
    check(&b, STR("0.9.10.255\t"));
    buf_fini(&b);
}
END_TEST

UNIT_MAIN("copy_text", specials_are_escaped_anywhere, arrays_escape_twice,
          addresses_have_four_numbers)
