/* target: URLs taken apart, heads written. */
#include "gateway/xfer/target.h"
#include "tests/unit/unit.h"

static const struct {
    const char *url, *origin, *host, *path; /* NULL: refused */
} urls[] = {
    {"https://api.example.com/v1/x", "https://api.example.com", "api.example.com", "/v1/x"},
    {"https://api.example.com:443/x?y=1#z", "https://api.example.com:443", "api.example.com",
     "/x?y=1"},
    {"http://api.example.com:443/", "http://api.example.com:443", "api.example.com:443", "/"},
    {"http://127.0.0.1:80", "http://127.0.0.1:80", "127.0.0.1", ""},
    {"http://[::1]:8080?q", "http://[::1]:8080", "[::1]:8080", "?q"},
    {"http://h/a%20b:c@d", "http://h", "h", "/a%20b:c@d"},
    {"ftp://h/", NULL, NULL, NULL},
    {"h/x", NULL, NULL, NULL},
    {"http://", NULL, NULL, NULL},
    {"http:///x", NULL, NULL, NULL},
    {"http://:80/x", NULL, NULL, NULL},
    {"http://user@h/x", NULL, NULL, NULL},
    {"http://h/a b", NULL, NULL, NULL},
    {"http://h/a\r\nx: y", NULL, NULL, NULL},
    {"", NULL, NULL, NULL},
};

START_TEST(urls_are_taken_apart)
{
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct xfer_target t;
        bool ok = target_parse(str_of(urls[i].url), &t);
        ck_assert_msg(ok == (urls[i].origin != NULL), "%s", urls[i].url);
        if (!ok)
            continue;
        ck_assert_text(t.origin, urls[i].origin);
        ck_assert_text(t.host, urls[i].host);
        ck_assert_text(t.path, urls[i].path);
    }
    char url[400];
    memset(url, 'h', sizeof url);
    memcpy(url, "http://", 7);
    struct xfer_target t;
    ck_assert(!target_parse(str_make(url, sizeof url), &t));
}
END_TEST

static const char *head(const char *url, char *const *lines, size_t n, struct buf *out)
{
    struct xfer_header headers[4];
    struct xfer_target t;
    for (size_t i = 0; i < n; i++)
        headers[i] = (struct xfer_header){lines[i], i + 1 < n ? &headers[i + 1] : NULL};
    ck_assert(target_parse(str_of(url), &t));
    buf_reset(out);
    if (!target_write_head(&t, n ? headers : NULL, 12, out))
        return "refused";
    buf_add_char(out, '\0');
    return out->p;
}

START_TEST(heads_are_written)
{
    struct buf out;
    buf_init(&out, 4096);
    char *const given[] = {(char[]){"Accept: text/event-stream"}, (char[]){"x-a: b"},
                           (char[]){"expect:"}};
    ck_assert_str_eq(head("https://h:443/p?q", given, 3, &out),
                     "POST /p?q HTTP/1.1\r\nhost: h\r\nuser-agent: doteb/" DOTEB_VERSION
                     "\r\nAccept: text/event-stream\r\nx-a: b\r\ncontent-length: 12\r\n\r\n");
    char *const own[] = {(char[]){"host: other"}, (char[]){"User-Agent: me"},
                         (char[]){"content-length: 99"}};
    ck_assert_str_eq(head("http://h", own, 3, &out),
                     "POST / HTTP/1.1\r\naccept: */*\r\nhost: other\r\nUser-Agent: me\r\n"
                     "content-length: 12\r\n\r\n");
    char *const evil[] = {(char[]){"x: y\r\nevil: 1"}}, *const evil2[] = {
                                                            (char[]){"x: y\nevil: 1"}};
    ck_assert_str_eq(head("http://h", evil, 1, &out), "refused");
    ck_assert_str_eq(head("http://h", evil2, 1, &out), "refused");
    struct buf small;
    buf_init(&small, 40);
    ck_assert_str_eq(head("http://h/a-longer-path", NULL, 0, &small), "refused");
    buf_fini(&small);
    buf_fini(&out);
}
END_TEST

UNIT_MAIN("target", urls_are_taken_apart, heads_are_written)
