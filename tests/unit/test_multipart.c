/* multipart: every form whole, byte by byte and at every single cut gives the same parts. */
#include "gateway/wire/multipart.h"

#include "common/buf.h"
#include "common/mem.h"
#include "tests/unit/unit.h"

#define D  "Content-Disposition: form-data; name="
#define B  "--b\r\n"
#define E  "\r\n--b--\r\n"
#define IN "\r\n\r\n"

/* What came out, as text: name=content; for each part (a file's with * before), then . if the form
 * has ended, ~ if it goes on, ! if it is none. */
static void run(struct str text, size_t first, size_t step, struct buf *out)
{
    struct multipart m;
    struct multipart_part p;
    enum multipart_result rc = MULTIPART_MORE;
    multipart_init(&m, STR("b"));
    for (size_t at = 0, n = first; at < text.len; at += n, n = step) {
        n = n > text.len - at ? text.len - at : n;
        char *copy = xmalloc(n + 1); /* as long as it is: a read beyond is seen */
        memcpy(copy, text.p + at, n);
        struct str bytes = str_make(copy, n);
        while ((rc = multipart_next(&m, &bytes, &p)) == MULTIPART_PART) {
            buf_add_str(out, p.file ? STR("*") : STR(""));
            buf_add_str(out, p.name);
            buf_add_char(out, '=');
            ck_assert_uint_le(p.end, at + n);
            buf_add(out, text.p + p.begin, p.end - p.begin);
            buf_add_char(out, ';');
        }
        xfree(copy);
        if (rc == MULTIPART_BAD)
            break;
        ck_assert_uint_eq(bytes.len, 0);
    }
    ck_assert(rc != MULTIPART_BAD || p.problem);
    buf_add_char(out, rc == MULTIPART_DONE ? '.' : rc == MULTIPART_BAD ? '!' : '~');
}

static const struct {
    const char *text, *want;
} rows[] = {
    {"", "~"},
    {B D "\"a\"" IN "1" E, "a=1;."},
    {B D "\"a\"" IN "1\r\n--b--", "a=1;."},
    {B D "a" IN "1" E, "a=1;."},
    {B D "\"a\"" IN E, "a=;."},
    {B D "\"a\"" IN "1\r\n" B D "\"b\"; filename=\"x.wav\"\r\nContent-Type: audio/wav" IN
         "2\r\n3" E,
     "a=1;*b=2\r\n3;."},
    {B "content-type: text/plain\r\ncontent-disposition:FORM-DATA;NAME=\"a[]\"" IN "1" E,
     "a[]=1;."},
    {B D "\"f\"; filename*=UTF-8''%e2%82%ac" IN "1" E, "*f=1;."},
    {B D "\"f\"; filename=\"a\\b; name=x\"" IN "1" E, "*f=1;."},
    {B D "\"a\"" IN "\r\r\n\n--\r\n-b\r\n--\r\n--a\r\n--bb" E, "a=\r\r\n\n--\r\n-b\r\n--\r\n--a;!"},
    {B D "\"a\"" IN "\r\r\n--b--", "a=\r;."},
    {B D "\"a\"\r\nContent-Transfer-Encoding: binary" IN "x" E, "a=x;."},
    /* not ended */
    {B D "\"a\"" IN "1", "~"},
    {B D "\"a\"" IN "1\r\n--b", "a=1;~"},
    {B D "\"a\"" IN "1\r\n--b-", "a=1;~"},
    {B D "\"a\"", "~"},
    /* no forms */
    {"x" B D "\"a\"" IN "1" E, "!"},
    {"\r\n" B D "\"a\"" IN "1" E, "!"},
    {"--c\r\n" D "\"a\"" IN "1" E, "!"},
    {"--b\n" D "\"a\"" IN "1" E, "!"},
    {"--b \r\n" D "\"a\"" IN "1" E, "!"},
    {B D "\"a\"" IN "1" E "x", "a=1;!"},
    {B D "\"a\"" IN "1\n--b--", "!"},
    {B D "\"a\"" IN "--b--", "!"},
    {B D "\"a\"\n\n1" E, "!"},
    {B D "\"a\"\r\n" D "\"b\"" IN "1" E, "!"},
    {B D "\"a\"; name=\"b\"" IN "1" E, "!"},
    {B D "\"a\\\"; name=\\\"b\"" IN "1" E, "!"},
    {B D "\"f\"; filename=\"x\\\"; name=\\\"b\"" IN "1" E, "!"},
    {B D "\"\"" IN "1" E, "!"},
    {B D "\"a\" x" IN "1" E, "!"},
    {B D "\"a" IN "1" E, "!"},
    {B D "\"a\"\r\nContent-Transfer-Encoding: base64" IN "eA==" E, "!"},
    {B "Content-Disposition: attachment; name=\"a\"" IN "1" E, "!"},
    {B "Content-Disposition: form-data" IN "1" E, "!"},
    {B "Content-Type: text/plain" IN "1" E, "!"},
    {B D "\"a\"\r\nfolded:\r\n x: y" IN "1" E, "!"},
    {B D "\"a\x01\"" IN "1" E, "!"},
    {B "\r\n1" E, "!"},
};

static void check(size_t row, size_t first, size_t step)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    run(str_of(rows[row].text), first, step, &out);
    ck_assert_msg(str_eq(buf_str(&out), str_of(rows[row].want)),
                  "row %zu \"%s\" cut at %zu: got \"" STR_FMT "\", expected \"%s\"", row,
                  rows[row].text, first, STR_ARG(buf_str(&out)), rows[row].want);
    buf_fini(&out);
}

START_TEST(the_same_however_cut)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t len = strlen(rows[i].text);
        check(i, len, 1);
        check(i, 1, 1);
        for (size_t cut = 1; cut <= len; cut++)
            check(i, cut, len);
    }
}
END_TEST

START_TEST(heads_and_parts_are_capped)
{
    struct buf text, out;
    buf_init(&text, 1 << 20);
    buf_init(&out, 1 << 20);
    buf_add_lit(&text, B D "\"a\"\r\nx: ");
    for (int i = 0; i < MULTIPART_HEAD_MAX; i++)
        buf_add_char(&text, 'x');
    buf_add_lit(&text, IN "1" E);
    run(buf_str(&text), text.len, 1, &out);
    ck_assert(str_eq(buf_str(&out), STR("!")));
    for (int parts = MULTIPART_PARTS_MAX; parts <= MULTIPART_PARTS_MAX + 1; parts++) {
        buf_reset(&text);
        buf_reset(&out);
        buf_add_lit(&text, "--b");
        for (int i = 0; i < parts; i++)
            buf_add_lit(&text, "\r\n" D "a" IN "1\r\n--b");
        buf_add_lit(&text, "--\r\n");
        run(buf_str(&text), text.len, 1, &out);
        ck_assert_int_eq(out.p[out.len - 1], parts > MULTIPART_PARTS_MAX ? '!' : '.');
    }
    buf_fini(&text);
    buf_fini(&out);
}
END_TEST

START_TEST(a_failure_stays)
{
    struct multipart m;
    struct multipart_part p;
    struct str bad = STR("x"), good = STR(B D "\"a\"" IN "1" E);
    multipart_init(&m, STR("b"));
    ck_assert_int_eq(multipart_next(&m, &bad, &p), MULTIPART_BAD);
    ck_assert_int_eq(multipart_next(&m, &good, &p), MULTIPART_BAD);
    ck_assert_ptr_nonnull(p.problem);
}
END_TEST

START_TEST(boundaries)
{
    static const struct {
        const char *type, *want;
    } types[] = {
        {"multipart/form-data; boundary=abc", "abc"},
        {"Multipart/Form-Data;charset=utf-8; BOUNDARY=\"a b'()+_,-./:=?\"", "a b'()+_,-./:=?"},
        {"multipart/form-data", NULL},
        {"multipart/form-data;", NULL},
        {"multipart/form-data; boundary=", NULL},
        {"multipart/form-data; boundary=\"\"", NULL},
        {"multipart/form-data; boundary=a; boundary=b", NULL},
        {"multipart/form-data; boundary=\"a ", NULL},
        {"multipart/form-data; boundary=\"a \"", NULL},
        {"multipart/form-data; boundary=a b", NULL},
        {"multipart/mixed; boundary=a", NULL},
        {"application/json", NULL},
        {"multipart/form-data; boundary="
         "01234567890123456789012345678901234567890123456789012345678901234567890",
         NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct str got = multipart_boundary(str_of(types[i].type));
        ck_assert_msg(types[i].want ? str_eq(got, str_of(types[i].want)) : !got.p, "%s: " STR_FMT,
                      types[i].type, STR_ARG(got));
    }
}
END_TEST

UNIT_MAIN("multipart", the_same_however_cut, heads_and_parts_are_capped, a_failure_stays,
          boundaries)
