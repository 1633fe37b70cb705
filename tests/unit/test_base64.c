/* base64: RFC 4648's own vectors, pieces, the cap. */
#include "gateway/wire/base64.h"
#include "tests/unit/unit.h"

static const struct {
    const char *bytes, *text;
} vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xff\xef\xbe", "/+++"},
};

START_TEST(vectors_of_the_rfc)
{
    struct buf out;
    buf_init(&out, 64);
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        struct str s = str_of(vectors[i].bytes);
        buf_reset(&out);
        ck_assert(base64_add(&out, s.p, s.len));
        ck_assert_text(buf_str(&out), vectors[i].text);
        ck_assert_uint_eq(base64_len(s.len), out.len);
    }
    buf_fini(&out);
}
END_TEST

START_TEST(pieces_and_caps)
{
    struct buf out;
    buf_init(&out, 12);
    ck_assert(base64_add(&out, "foo", 3) && base64_add(&out, "ba", 2));
    ck_assert_text(buf_str(&out), "Zm9vYmE=");
    ck_assert(!base64_add(&out, "fooba", 5));
    ck_assert_uint_eq(out.len, 8);
    buf_fini(&out);
}
END_TEST

UNIT_MAIN("base64", vectors_of_the_rfc, pieces_and_caps)
