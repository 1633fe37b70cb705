/* target, url: URLs taken apart and tidied, heads written. */
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
        struct url t;
        bool ok = url_parse(str_of(urls[i].url), &t);
        ck_assert_msg(ok == (urls[i].origin != NULL), "%s", urls[i].url);
        if (!ok)
            continue;
        ck_assert_text(t.origin, urls[i].origin);
        ck_assert_text(t.host, urls[i].host);
        ck_assert_text(t.target, urls[i].path);
    }
    char url[400];
    memset(url, 'h', sizeof url);
    memcpy(url, "http://", 7);
    struct url t;
    ck_assert(!url_parse(str_make(url, sizeof url), &t));
}
END_TEST

static const struct {
    const char *text, *tidy; /* NULL: refused */
    enum url_fault fault;
} written[] = {
    {"https://h/a.png", "https://h/a.png", URL_FINE},
    {"HTTPS://Host:443/A?b=C#d", "https://Host:443/A?b=C", URL_FINE},
    {"http://h", "http://h", URL_FINE},
    {"http://h?q", "http://h?q", URL_FINE},
    {"http://h#x", "http://h", URL_FINE},
    {"http://[::ffff:127.0.0.1]:80/", "http://[::ffff:127.0.0.1]:80/", URL_FINE},
    {"http://h/a b%20\"c\xc3\xa4|\\", "http://h/a%20b%20%22c%C3%A4%7C%5C", URL_FINE},
    {"http://h/x@y", "http://h/x@y", URL_FINE},
    {"ftp://h/x", NULL, URL_NO_HTTP},
    {"data:image/svg+xml,x", NULL, URL_NO_HTTP},
    {"//h/x", NULL, URL_NO_HTTP},
    {"", NULL, URL_NO_HTTP},
    {"http://user:secret@h/x", NULL, URL_USER},
    {"http://h\\@evil/x", NULL, URL_USER},
    {"http://h\\x/", NULL, URL_HOST},
    {"http://\xc3\xa4.example/", NULL, URL_HOST},
    {"http://%31%32/", NULL, URL_HOST},
    {"http://a b/", NULL, URL_HOST},
    {"http://", NULL, URL_HOST},
    {"http:///x", NULL, URL_HOST},
    {"http://:80/x", NULL, URL_HOST},
    {"http://h/a\r\nx: y", NULL, URL_BYTES},
    {"http://h/\x7f", NULL, URL_BYTES},
};

START_TEST(urls_are_tidied)
{
    struct buf out;
    buf_init(&out, 100);
    for (size_t i = 0; i < ARRAY_LEN(written); i++) {
        struct url t;
        buf_reset(&out);
        enum url_fault fault = url_tidy(str_of(written[i].text), &out);
        ck_assert_msg(fault == written[i].fault, "%s: %d", written[i].text, (int)fault);
        if (fault != URL_FINE)
            continue;
        ck_assert_text(buf_str(&out), written[i].tidy);
        ck_assert_msg(url_parse(buf_str(&out), &t), "%s", written[i].text);
    }
    char url[400];
    memset(url, 'h', sizeof url);
    memcpy(url, "http://h/", 9);
    buf_reset(&out);
    ck_assert_int_eq(url_tidy(str_make(url, sizeof url), &out), URL_BYTES);
    url[8] = 'h';
    ck_assert_int_eq(url_tidy(str_make(url, sizeof url), &out), URL_HOST);
    buf_fini(&out);
}
END_TEST

static const char *head(const char *url, char *const *lines, size_t n, struct buf *out)
{
    struct xfer_header headers[4];
    struct url t;
    for (size_t i = 0; i < n; i++)
        headers[i] = (struct xfer_header){lines[i], i + 1 < n ? &headers[i + 1] : NULL};
    const struct str body[] = {STR("twelve "), STR("bytes")};
    struct xfer_request q = {
        .headers = n ? headers : NULL, .body = body, .n_body = ARRAY_LEN(body)};
    ck_assert(url_parse(str_of(url), &t));
    buf_reset(out);
    if (!target_write_head(&t, &q, out))
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
    struct url to;
    struct xfer_request get = {.get = true, .once = true};
    ck_assert(url_parse(STR("http://h/x.png?y"), &to));
    buf_reset(&out);
    ck_assert(target_write_head(&to, &get, &out));
    ck_assert_text(buf_str(&out),
                   "GET /x.png?y HTTP/1.1\r\nhost: h\r\nuser-agent: doteb/" DOTEB_VERSION
                   "\r\naccept: */*\r\nconnection: close\r\n\r\n");
    struct buf small;
    buf_init(&small, 40);
    ck_assert_str_eq(head("http://h/a-longer-path", NULL, 0, &small), "refused");
    buf_fini(&small);
    buf_fini(&out);
}
END_TEST

UNIT_MAIN("target", urls_are_taken_apart, urls_are_tidied, heads_are_written)
