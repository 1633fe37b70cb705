/* The small parts: base64, event stream frames, forms, and which protocol a path belongs to. */
#include <check.h>
#include <stdlib.h>

#include "tests/simulator/base64.h"
#include "tests/simulator/eventstream.h"
#include "tests/simulator/multipart.h"
#include "tests/simulator/protocol.h"

static void same_str(struct str a, struct str b)
{
    ck_assert_msg(str_eq(a, b), "'" STR_FMT "' is not '" STR_FMT "'", STR_ARG(a), STR_ARG(b));
}

static const struct {
    const char *bytes, *text;
} BASE64[] = {{"", ""},
              {"f", "Zg=="},
              {"fo", "Zm8="},
              {"foo", "Zm9v"},
              {"foob", "Zm9vYg=="},
              {"\xff\xfe", "//4="},
              {"foobar", "Zm9vYmFy"}};

START_TEST(base64_both_ways)
{
    struct buf b;
    unsigned char back[8];
    struct str bytes = str_of(BASE64[_i].bytes);
    buf_init(&b, 64);
    base64_add(&b, bytes);
    same_str(buf_str(&b), str_of(BASE64[_i].text));
    ck_assert(base64_read(back, bytes.len, buf_str(&b)));
    ck_assert_mem_eq(back, bytes.p, bytes.len);
    ck_assert(!base64_read(back, bytes.len + 1, buf_str(&b)));
    buf_fini(&b);
}
END_TEST

START_TEST(base64_refuses)
{
    unsigned char back[8];
    ck_assert(base64_read(back, 2, STR("_-4"))); /* as URLs have it, without padding */
    ck_assert_uint_eq(back[0], 0xff);
    ck_assert(base64_read(back, 2, STR("Zm8")));
    ck_assert(!base64_read(back, 2, STR("Zm8!")));
    ck_assert(!base64_read(back, 3, STR("Zm=v")));
    ck_assert(!base64_read(back, 3, STR("Zm9\0")));
}
END_TEST

START_TEST(frames_as_aws_documents_them)
{
    struct buf b;
    ck_assert_uint_eq(eventstream_crc(0, STR("123456789")), 0xcbf43926);
    buf_init(&b, 1024);
    buf_add_lit(&b, "before");
    size_t at = eventstream_open(&b, true, STR("kind"));
    ck_assert_uint_eq(at, 6);
    buf_add_lit(&b, "{}");
    eventstream_close(&b, at);
    const unsigned char *p = (const unsigned char *)b.p + at;
    size_t total = b.len - at;
    ck_assert_uint_eq((size_t)p[2] << 8 | p[3], total);
    size_t headers = (size_t)p[6] << 8 | p[7];
    ck_assert_uint_eq(12 + headers + 2 + 4, total);
    ck_assert_mem_eq(p + 12, "\x0f:exception-type\x07\0\x04kind", 23);
    ck_assert_mem_eq(p + 12 + headers, "{}", 2);
    uint32_t crc = eventstream_crc(0, str_make(b.p + at, total - 4));
    ck_assert_uint_eq((uint32_t)p[total - 4] << 24 | (uint32_t)p[total - 3] << 16 |
                          (uint32_t)p[total - 2] << 8 | p[total - 1],
                      crc);
    buf_fini(&b);
}
END_TEST

#define FIELD "Content-Disposition: form-data; name=\"a\"\r\n\r\n"

START_TEST(forms_are_read)
{
    struct multipart m;
    struct multipart_part part;
    bool bad;
    struct str body = STR("--x\r\n" FIELD "one\r\n--y\r\n--x\r\ncontent-disposition: form-data; "
                          "filename=\"f.png\"; name=b\r\nContent-Type: image/png\r\n\r\n\r\n"
                          "--x--\r\n");
    ck_assert(multipart_init(&m, STR("Multipart/Form-Data; boundary=\"x\""), body));
    ck_assert(multipart_next(&m, &part, &bad));
    same_str(part.name, STR("a"));
    same_str(part.body, STR("one\r\n--y"));
    ck_assert_ptr_null(part.filename.p);
    ck_assert(multipart_next(&m, &part, &bad));
    same_str(part.name, STR("b"));
    same_str(part.filename, STR("f.png"));
    same_str(part.body, STR(""));
    ck_assert(!multipart_next(&m, &part, &bad));
    ck_assert(!bad);
}
END_TEST

static const char *const BAD_FORMS[] = {"",
                                        "--",
                                        "--x",
                                        "--x\r\n",
                                        "--y--",
                                        "--x\r\n\r\n",
                                        "--x\r\n" FIELD "one",
                                        "--x\r\n" FIELD "one\r\n--y--",
                                        "--x\r\nno: name\r\n\r\none\r\n--x--",
                                        "--x\n\r\n\r\n\r\n--x--"};

START_TEST(bad_forms_are_refused)
{
    struct multipart m;
    struct multipart_part part;
    bool bad;
    ck_assert(multipart_init(&m, STR("multipart/form-data; boundary=x"), str_of(BAD_FORMS[_i])));
    while (multipart_next(&m, &part, &bad)) {
    }
    ck_assert(bad);
}
END_TEST

START_TEST(forms_need_their_type)
{
    struct multipart m;
    ck_assert(!multipart_init(&m, STR("application/json"), STR("")));
    ck_assert(!multipart_init(&m, STR("multipart/form-data"), STR("")));
    ck_assert(!multipart_init(&m, STR("text/plain; boundary=x"), STR("")));
    ck_assert(!multipart_init(&m, STR_NULL, STR("")));
}
END_TEST

static const struct {
    const char *path;
    const struct protocol *protocol;
    const char *model;
    bool stream, vertex;
} SITES[] = {
    {"/v1/chat/completions", &OPENAI_CHAT, NULL, false, false},
    {"/v1/messages", &ANTHROPIC_MESSAGES, NULL, false, false},
    {"/v1beta/models/m:generateContent", &GOOGLE_GENERATE, "m", false, false},
    {"/v1/models/sim+fail_first=1:500:streamGenerateContent", &GOOGLE_GENERATE,
     "sim+fail_first=1:500", true, false},
    {"/v1/projects/p/locations/l/publishers/google/models/m:countTokens", &GOOGLE_COUNT, "m", false,
     true},
    {"/v1/projects/p/locations/l/publishers/anthropic/models/m@1:rawPredict", &ANTHROPIC_MESSAGES,
     "m@1", false, true},
    {"/model/a.b:0/converse", &BEDROCK_CONVERSE, "a.b:0", false, false},
    {"/model/a.b%3A0%2f%zz%/converse-stream", &BEDROCK_CONVERSE, "a.b:0/%zz%", true, false},
    {"/model/x%3/invoke", &BEDROCK_INVOKE, "x%3", false, false},
    {"/model//converse", NULL, NULL, false, false},
    {"/model/converse", NULL, NULL, false, false},
    {"/v1/models/:generateContent", NULL, NULL, false, false},
    {"/v1/models/m:explode", NULL, NULL, false, false},
    {"/v1/messages/", NULL, NULL, false, false},
    {"", NULL, NULL, false, false},
};

START_TEST(paths_find_their_protocol)
{
    struct site s = {0};
    char space[64];
    bool found = site_find(&s, str_of(SITES[_i].path), STR_NULL, space, sizeof(space));
    ck_assert_int_eq(found, SITES[_i].protocol != NULL);
    if (found) {
        ck_assert_ptr_eq(s.protocol, SITES[_i].protocol);
        same_str(s.model, str_of(SITES[_i].model));
        ck_assert_int_eq(s.stream, SITES[_i].stream);
        ck_assert_int_eq(s.vertex, SITES[_i].vertex);
    }
}
END_TEST

/* Every protocol that streams can break off, and says what it sends. */
START_TEST(tables_are_whole)
{
    for (size_t i = 0; i < ARRAY_LEN(SITES); i++) {
        const struct protocol *p = SITES[i].protocol;
        if (p) {
            ck_assert(p->parse && p->render && p->error && p->head && p->refuse_key && p->no_model);
            ck_assert(!p->next == !p->break_off && !p->next == !p->stream_type);
            ck_assert(p->keys && p->faults && strlen(p->id_prefix) < 16);
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("simulator parts");
    TCase *t = tcase_create("all");
    tcase_add_loop_test(t, base64_both_ways, 0, ARRAY_LEN(BASE64));
    tcase_add_test(t, base64_refuses);
    tcase_add_test(t, frames_as_aws_documents_them);
    tcase_add_test(t, forms_are_read);
    tcase_add_loop_test(t, bad_forms_are_refused, 0, ARRAY_LEN(BAD_FORMS));
    tcase_add_test(t, forms_need_their_type);
    tcase_add_loop_test(t, paths_find_their_protocol, 0, ARRAY_LEN(SITES));
    tcase_add_test(t, tables_are_whole);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
