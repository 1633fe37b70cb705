/* URLs as providers' rows and keys make them, taken apart by hand; heads written by hand. Pure. */
#include "gateway/xfer/target.h"

bool target_parse(struct str url, struct xfer_target *out)
{
    bool tls = str_starts(url, STR("https://"));
    if (!tls && !str_starts(url, STR("http://")))
        return false;
    for (size_t i = 0; i < url.len; i++)
        if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f)
            return false;
    size_t begin = tls ? 8 : 7, end = begin;
    while (end < url.len && url.p[end] != '/' && url.p[end] != '?' && url.p[end] != '#')
        end++;
    out->origin = str_make(url.p, end);
    out->host = str_make(url.p + begin, end - begin);
    out->path = str_make(url.p + end, url.len - end);
    out->path = str_cut(&(struct str){out->path.p, out->path.len}, '#');
    if (!out->host.len || end > XFER_ORIGIN_MAX || str_find(out->host, '@') >= 0)
        return false;
    struct str port = tls ? STR(":443") : STR(":80");
    if (str_ends(out->host, port))
        out->host.len -= port.len;
    return out->host.len > 0;
}

/* Which of the headers that are sent unasked a line stands for. */
enum { OWN_HOST = 1, OWN_ACCEPT = 2, OWN_AGENT = 4, OWN_LENGTH = 8 };

static int own(struct str name)
{
    switch (name.len) {
    case 4:
        return str_ieq(name, STR("host")) ? OWN_HOST : 0;
    case 6:
        return str_ieq(name, STR("accept")) ? OWN_ACCEPT : 0;
    case 10:
        return str_ieq(name, STR("user-agent")) ? OWN_AGENT : 0;
    case 14:
        return str_ieq(name, STR("content-length")) ? OWN_LENGTH : 0;
    default:
        return 0;
    }
}

/* Which of ours the lines stand for; -1 if one is malformed. */
static int look(const struct xfer_header *headers)
{
    int given = 0;
    for (const struct xfer_header *h = headers; h; h = h->next) {
        struct str line = str_of(h->line), rest = line;
        if (memchr(line.p, '\n', line.len) || memchr(line.p, '\r', line.len))
            return -1;
        given |= own(str_cut(&rest, ':'));
    }
    return given;
}

static void write_lines(const struct xfer_header *headers, struct buf *out)
{
    for (const struct xfer_header *h = headers; h; h = h->next) {
        struct str line = str_of(h->line), value = line;
        int name = own(str_cut(&value, ':'));
        if (!str_trim(value).len || name == OWN_LENGTH)
            continue;
        (void)buf_add_str(out, line);
        (void)buf_add_lit(out, "\r\n");
    }
}

bool target_write_head(const struct xfer_target *t, const struct xfer_header *headers,
                       size_t body_len, struct buf *out)
{
    int given = look(headers);
    if (given < 0)
        return false;
    (void)buf_add_lit(out, "POST ");
    if (!t->path.len || t->path.p[0] != '/')
        (void)buf_add_char(out, '/');
    (void)buf_add_str(out, t->path);
    (void)buf_add_lit(out, " HTTP/1.1\r\n");
    if (!(given & OWN_HOST)) {
        (void)buf_add_lit(out, "host: ");
        (void)buf_add_str(out, t->host);
        (void)buf_add_lit(out, "\r\n");
    }
    if (!(given & OWN_AGENT))
        (void)buf_add_lit(out, "user-agent: doteb/" DOTEB_VERSION "\r\n");
    if (!(given & OWN_ACCEPT))
        (void)buf_add_lit(out, "accept: */*\r\n");
    write_lines(headers, out);
    (void)buf_add_lit(out, "content-length: ");
    (void)buf_add_i64(out, (int64_t)body_len);
    (void)buf_add_lit(out, "\r\n\r\n");
    return !out->failed;
}
