/* Heads of HTTP answers (head.h). */
#include "tests/simulator/head.h"

#include <time.h>

static const char *reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *text;
    } REASONS[] = {
        {200, "OK"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {413, "Content Too Large"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {529, "Overloaded"},
    };
    for (size_t i = 0; i < ARRAY_LEN(REASONS); i++) {
        if (REASONS[i].status == status) {
            return REASONS[i].text;
        }
    }
    return "Status";
}

/* The date header's line, made anew once a second and thread. */
static struct str date_line(void)
{
    static _Thread_local time_t made;
    static _Thread_local char line[64];
    static _Thread_local size_t len;
    time_t now = time(NULL);
    if (now != made) {
        struct tm tm;
        gmtime_r(&now, &tm);
        len = strftime(line, sizeof(line), "date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
        made = now;
    }
    return str_make(line, len);
}

void head_open(struct buf *b, unsigned status, const char *type, int64_t length, bool keep_alive)
{
    if (status == 200) {
        buf_add_lit(b, "HTTP/1.1 200 OK\r\nserver: doteb-simulator\r\n");
    } else {
        buf_printf(b, "HTTP/1.1 %u %s\r\nserver: doteb-simulator\r\n", status, reason(status));
    }
    buf_add_str(b, date_line());
    buf_add_lit(b, "content-type: ");
    buf_add_str(b, str_of(type));
    if (length == HEAD_CHUNKED) {
        buf_add_lit(b, "\r\ntransfer-encoding: chunked\r\n");
    } else if (length == HEAD_UNTIL_CLOSE) {
        buf_add_lit(b, "\r\n");
    } else {
        buf_add_lit(b, "\r\ncontent-length: ");
        buf_add_i64(b, length);
        buf_add_lit(b, "\r\n");
    }
    if (!keep_alive) {
        buf_add_lit(b, "connection: close\r\n");
    }
}

void head_respond(struct buf *b, unsigned status, const char *type, struct str body,
                  bool keep_alive)
{
    head_open(b, status, type, (int64_t)body.len, keep_alive);
    buf_add_lit(b, "\r\n");
    buf_add_str(b, body);
}
