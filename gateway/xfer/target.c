/* Heads written by hand. Pure. */
#include "gateway/xfer/target.h"

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

static size_t body_bytes(const struct xfer_request *q)
{
    size_t bytes = 0;
    for (size_t i = 0; i < q->n_body; i++)
        bytes += q->body[i].len;
    return bytes;
}

bool target_write_head(const struct url *to, const struct xfer_request *q, struct buf *out)
{
    int given = look(q->headers);
    if (given < 0)
        return false;
    (void)buf_add_str(out, q->get ? STR("GET ") : STR("POST "));
    if (!to->target.len || to->target.p[0] != '/')
        (void)buf_add_char(out, '/');
    (void)buf_add_str(out, to->target);
    (void)buf_add_lit(out, " HTTP/1.1\r\n");
    if (!(given & OWN_HOST)) {
        (void)buf_add_lit(out, "host: ");
        (void)buf_add_str(out, to->host);
        (void)buf_add_lit(out, "\r\n");
    }
    if (!(given & OWN_AGENT))
        (void)buf_add_lit(out, "user-agent: doteb/" DOTEB_VERSION "\r\n");
    if (!(given & OWN_ACCEPT))
        (void)buf_add_lit(out, "accept: */*\r\n");
    write_lines(q->headers, out);
    if (q->once)
        (void)buf_add_lit(out, "connection: close\r\n");
    if (!q->get) {
        (void)buf_add_lit(out, "content-length: ");
        (void)buf_add_i64(out, (int64_t)body_bytes(q));
        (void)buf_add_lit(out, "\r\n");
    }
    (void)buf_add_lit(out, "\r\n");
    return !out->failed;
}
