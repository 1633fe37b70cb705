/* The answer's parser. A head that arrives whole is read where it lies; only cut ones are held.
 * Runs on the worker that owns the connection; no I/O.
 */
#include "gateway/wire/http1.h"

/* What a head says of the body's end. */
struct framing_says {
    bool chunked, has_length, close, keep_alive, http10;
    int64_t length;
};

void http1_init(struct http1 *h)
{
    *h = (struct http1){.state = HTTP1_HEAD};
    buf_init(&h->held, HTTP1_HEAD_MAX_BYTES);
}

void http1_fini(struct http1 *h)
{
    buf_fini(&h->held);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 9110 5.6.2 */
static bool is_token(struct str s)
{
    static const bool also[128] = {
        ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1, ['*'] = 1, ['+'] = 1,
        ['-'] = 1, ['.'] = 1, ['^'] = 1, ['_'] = 1, ['`'] = 1, ['|'] = 1,  ['~'] = 1};
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit((char)c);
        if (!alnum && (c >= 128 || !also[c]))
            return false;
    }
    return s.len > 0;
}

/* ------------------------------------------------------------------ the head */

/* "HTTP/1.1 200 OK": the status, or 0. */
static int status_of(struct str line, struct framing_says *f)
{
    const char *p = line.p;
    if (line.len < 12 || memcmp(p, "HTTP/1.", 7) != 0 || (p[7] != '0' && p[7] != '1') ||
        p[8] != ' ')
        return 0;
    f->http10 = p[7] == '0';
    bool digits = p[9] >= '1' && p[9] <= '9' && is_digit(p[10]) && is_digit(p[11]);
    if (!digits || (line.len > 12 && p[12] != ' '))
        return 0;
    return (p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0');
}

static void read_connection(struct framing_says *f, struct str list)
{
    while (list.p) {
        struct str word = str_trim(str_cut(&list, ','));
        f->close = f->close || str_ieq(word, STR("close"));
        f->keep_alive = f->keep_alive || str_ieq(word, STR("keep-alive"));
    }
}

/* False if it cannot be believed. */
static bool read_framing(struct framing_says *f, struct str name, struct str value)
{
    int64_t n = 0;
    if (name.len == 14 && str_ieq(name, STR("content-length"))) {
        if (!value.len || !is_digit(value.p[0]) || !str_to_i64(value, &n))
            return false;
        if (f->has_length && f->length != n)
            return false;
        f->has_length = true;
        f->length = n;
    } else if (name.len == 17 && str_ieq(name, STR("transfer-encoding"))) {
        if (f->chunked || !str_ieq(value, STR("chunked")))
            return false;
        f->chunked = true;
    } else if (name.len == 10 && str_ieq(name, STR("connection"))) {
        read_connection(f, value);
    }
    return true;
}

/* The next line without its end; what is left goes to `*rest`. */
static bool next_line(struct str *rest, struct str *line)
{
    const char *end = rest->len ? memchr(rest->p, '\n', rest->len) : NULL;
    if (!end)
        return false;
    *line = str_make(rest->p, (size_t)(end - rest->p));
    rest->p += line->len + 1;
    rest->len -= line->len + 1;
    if (line->len && line->p[line->len - 1] == '\r')
        line->len--;
    return !memchr(line->p, '\0', line->len) && !memchr(line->p, '\r', line->len);
}

static enum http1_state body_of(struct http1 *h, const struct framing_says *f)
{
    h->keep = !f->close && (!f->http10 || f->keep_alive);
    if (h->status == 204 || h->status == 304)
        return HTTP1_COMPLETE;
    if (f->chunked) {
        h->keep = h->keep && !f->has_length && !f->http10;
        return HTTP1_CHUNK_LINE;
    }
    if (f->has_length) {
        h->left = f->length;
        return f->length ? HTTP1_BY_LENGTH : HTTP1_COMPLETE;
    }
    h->keep = false;
    return HTTP1_BY_CLOSE;
}

/* A head from its status line to its empty line. */
static enum http1_state read_head(struct http1 *h, struct str head, const struct http1_sink *sink,
                                  void *arg)
{
    struct framing_says f = {0};
    struct str line;
    int status = next_line(&head, &line) ? status_of(line, &f) : 0;
    if (!status || status == 101)
        return HTTP1_BROKEN;
    while (next_line(&head, &line)) {
        struct str value = line, name;
        if (!line.len) {
            if (status < 200)
                return HTTP1_HEAD;
            h->status = status;
            sink->head(arg, status);
            return body_of(h, &f);
        }
        name = str_cut(&value, ':');
        value = str_trim(value);
        if (!value.p || !is_token(name) || !read_framing(&f, name, value))
            return HTTP1_BROKEN;
        if (status >= 200)
            sink->field(arg, name, value);
    }
    return HTTP1_BROKEN;
}

/* Where the head that begins `s` ends, 0: not yet. `*line` is where to look on, and is moved. */
static size_t head_end(struct str s, size_t *line)
{
    for (const char *end; *line < s.len && (end = memchr(s.p + *line, '\n', s.len - *line));) {
        size_t at = (size_t)(end - s.p), len = at - *line;
        bool empty = len == 0 || (len == 1 && s.p[*line] == '\r');
        *line = at + 1;
        if (empty)
            return at + 1;
    }
    return 0;
}

/* Takes bytes of a head; how many. */
static size_t take_head(struct http1 *h, struct str bytes, const struct http1_sink *sink, void *arg)
{
    size_t held = h->held.len, room = HTTP1_HEAD_MAX_BYTES - h->head_total;
    struct str all = bytes;
    if (held) { /* grow by what is needed only: what follows the head stays where it is */
        size_t n = bytes.len < room ? bytes.len : room;
        if (!buf_add(&h->held, bytes.p, n))
            n = 0;
        all = buf_str(&h->held);
    }
    size_t begin = all.len < 5 ? all.len : 5;
    size_t end = memcmp(all.p, "HTTP/", begin) == 0 ? head_end(all, &h->line_from) : 0;
    size_t used = end ? end - held : bytes.len;
    if (used > room || memcmp(all.p, "HTTP/", begin) != 0 || (held && !end && all.len == held)) {
        h->state = HTTP1_BROKEN;
        return 0;
    }
    h->head_total += used;
    if (!end) {
        if (!held && !buf_add(&h->held, bytes.p, bytes.len))
            h->state = HTTP1_BROKEN;
        return used;
    }
    h->line_from = 0;
    h->state = read_head(h, str_make(all.p, end), sink, arg);
    buf_fini(&h->held);
    return used;
}

/* ------------------------------------------------------------------ chunks */

/* "1a2b;name=value": the size, or -1. */
static int64_t chunk_size(struct str line)
{
    int64_t n = 0;
    size_t i = 0;
    for (; i < line.len && i < 15; i++) {
        char c = line.p[i];
        int digit = is_digit(c)            ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            break;
        n = n * 16 + digit;
    }
    if (i == 0)
        return -1;
    struct str rest = str_trim(str_make(line.p + i, line.len - i));
    return !rest.len || rest.p[0] == ';' ? n : -1;
}

/* A line is complete: what comes after it. */
static enum http1_state read_line(struct http1 *h, struct str line)
{
    if (h->state == HTTP1_CHUNK_END)
        return line.len ? HTTP1_BROKEN : HTTP1_CHUNK_LINE;
    if (h->state == HTTP1_TRAILERS)
        return line.len ? HTTP1_TRAILERS : HTTP1_COMPLETE;
    h->left = chunk_size(line);
    return h->left < 0 ? HTTP1_BROKEN : h->left ? HTTP1_CHUNK_DATA : HTTP1_TRAILERS;
}

/* Takes bytes of a line around the chunks; how many. */
static size_t take_line(struct http1 *h, struct str bytes)
{
    const char *end = memchr(bytes.p, '\n', bytes.len);
    size_t used = end ? (size_t)(end - bytes.p) + 1 : bytes.len;
    struct str rest = str_make(bytes.p, used), line;
    h->trailers = h->state == HTTP1_TRAILERS ? h->trailers + used : h->held.len + used;
    if (h->trailers > HTTP1_TRAILER_MAX_BYTES) {
        h->state = HTTP1_BROKEN;
        return 0;
    }
    if (h->held.len || !end) {
        (void)buf_add(&h->held, bytes.p, used); /* below its cap: checked above */
        rest = buf_str(&h->held);
    }
    if (end) {
        h->state = next_line(&rest, &line) ? read_line(h, line) : HTTP1_BROKEN;
        buf_reset(&h->held);
    }
    return used;
}

static size_t take_data(struct http1 *h, struct str bytes, const struct http1_sink *sink, void *arg)
{
    size_t n = bytes.len;
    if (h->state != HTTP1_BY_CLOSE) {
        n = (int64_t)n > h->left ? (size_t)h->left : n;
        h->left -= (int64_t)n;
    }
    sink->body(arg, str_make(bytes.p, n));
    if (h->state != HTTP1_BY_CLOSE && h->left == 0)
        h->state = h->state == HTTP1_BY_LENGTH ? HTTP1_COMPLETE : HTTP1_CHUNK_END;
    return n;
}

/* ------------------------------------------------------------------ the whole */

static enum http1_rc verdict(const struct http1 *h)
{
    return h->state == HTTP1_COMPLETE ? HTTP1_DONE
           : h->state == HTTP1_BROKEN ? HTTP1_BAD
                                      : HTTP1_MORE;
}

enum http1_rc http1_feed(struct http1 *h, struct str bytes, const struct http1_sink *sink,
                         void *arg, size_t *used)
{
    size_t at = 0;
    while (at < bytes.len && verdict(h) == HTTP1_MORE) {
        struct str rest = str_make(bytes.p + at, bytes.len - at);
        if (h->state == HTTP1_HEAD)
            at += take_head(h, rest, sink, arg);
        else if (h->state == HTTP1_BY_LENGTH || h->state == HTTP1_BY_CLOSE ||
                 h->state == HTTP1_CHUNK_DATA)
            at += take_data(h, rest, sink, arg);
        else
            at += take_line(h, rest);
    }
    *used = at;
    return verdict(h);
}

bool http1_ended(const struct http1 *h)
{
    return h->state == HTTP1_BY_CLOSE || h->state == HTTP1_COMPLETE;
}
