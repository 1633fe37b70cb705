/* The parser of http.h. Strict where leniency would hide a fault of the client under test: bad
 * lengths, lengths that disagree, a length beside chunked, control bytes in the head are all bad.
 */
#include "tests/simulator/http.h"

void http_init(struct http_request *r)
{
    r->state = HTTP_HEAD;
    r->keep_alive = true;
    r->expect_continue = r->has_length = false;
    r->scanned = r->head_len = r->body_len = r->consumed = r->left = 0;
    r->method = r->target = (struct http_span){0, 0};
    r->n_headers = 0;
}

struct str http_value(const struct http_request *r, const char *run, struct str name)
{
    for (uint32_t i = 0; i < r->n_headers; i++) {
        if (r->headers[i].name.len == name.len &&
            str_ieq(http_str(run, r->headers[i].name), name)) {
            return http_str(run, r->headers[i].value);
        }
    }
    return STR_NULL;
}

static struct http_span span(const char *run, const char *from, const char *to)
{
    return (struct http_span){(uint32_t)(from - run), (uint32_t)(to - from)};
}

static bool request_line(struct http_request *r, const char *run, const char *end)
{
    const char *sp = memchr(run, ' ', (size_t)(end - run));
    if (!sp || sp == run) {
        return false;
    }
    const char *target = sp + 1;
    const char *sp2 = memchr(target, ' ', (size_t)(end - target));
    if (!sp2 || sp2 == target || end - sp2 != 9 || memcmp(sp2 + 1, "HTTP/1.", 7) != 0) {
        return false;
    }
    if (sp2[8] != '0' && sp2[8] != '1') {
        return false;
    }
    r->keep_alive = sp2[8] == '1';
    r->method = span(run, run, sp);
    r->target = span(run, target, sp2);
    return true;
}

static bool read_length(struct http_request *r, struct str v)
{
    int64_t n;
    if (!str_to_i64(v, &n) || n < 0 || v.p[0] == '+' || v.p[0] == '-') {
        return false;
    }
    if (r->has_length && r->left != (size_t)n) {
        return false;
    }
    r->has_length = true;
    r->left = (size_t)n;
    return true;
}

/* The few headers that frame the message. Sets state to CHUNK_SIZE on chunked. */
static bool framing(struct http_request *r, struct str name, struct str v)
{
    switch (name.len) {
    case 6:
        if (str_ieq(name, STR("expect"))) {
            r->expect_continue = str_ieq(v, STR("100-continue"));
        }
        return true;
    case 10:
        if (str_ieq(name, STR("connection"))) {
            if (str_ieq(v, STR("close"))) {
                r->keep_alive = false;
            } else if (str_ieq(v, STR("keep-alive"))) {
                r->keep_alive = true;
            }
        }
        return true;
    case 14:
        return !str_ieq(name, STR("content-length")) || read_length(r, v);
    case 17:
        if (str_ieq(name, STR("transfer-encoding"))) {
            r->state = HTTP_CHUNK_SIZE;
            return str_ieq(v, STR("chunked"));
        }
        return true;
    default:
        return true;
    }
}

static bool header_line(struct http_request *r, const char *run, const char *at, const char *end)
{
    const char *colon = memchr(at, ':', (size_t)(end - at));
    if (!colon || colon == at || colon[-1] == ' ' || colon[-1] == '\t' || *at == ' ' ||
        *at == '\t' || r->n_headers == HTTP_MAX_HEADERS) {
        return false;
    }
    const char *v = colon + 1;
    while (v < end && (*v == ' ' || *v == '\t')) {
        v++;
    }
    while (end > v && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    struct http_header *h = &r->headers[r->n_headers++];
    h->name = span(run, at, colon);
    h->value = span(run, v, end);
    return framing(r, http_str(run, h->name), http_str(run, h->value));
}

static bool parse_head(struct http_request *r, const char *run)
{
    const char *end = run + r->head_len - 2; /* the empty line */
    const char *eol = memchr(run, '\r', r->head_len);
    if (eol[1] != '\n' || memchr(run, 0, r->head_len) || !request_line(r, run, eol)) {
        return false;
    }
    for (const char *at = eol + 2; at < end; at = eol + 2) {
        eol = memchr(at, '\r', (size_t)(end - at));
        if (!eol || eol[1] != '\n' || memchr(at, '\n', (size_t)(eol - at)) ||
            !header_line(r, run, at, eol)) {
            return false;
        }
    }
    return !(r->has_length && r->state == HTTP_CHUNK_SIZE);
}

static enum http_result feed_head(struct http_request *r, const char *run, size_t len)
{
    size_t from = r->scanned > 3 ? r->scanned - 3 : 0;
    const char *end = memmem(run + from, len - from, "\r\n\r\n", 4);
    if (!end) {
        r->scanned = len;
        return len > HTTP_MAX_HEAD ? HTTP_HEAD_TOO_BIG : HTTP_NEED_MORE;
    }
    r->head_len = (size_t)(end - run) + 4;
    r->consumed = r->head_len;
    if (r->head_len > HTTP_MAX_HEAD) {
        return HTTP_HEAD_TOO_BIG;
    }
    if (!parse_head(r, run)) {
        return HTTP_BAD;
    }
    if (r->state == HTTP_HEAD) {
        r->state = HTTP_BODY;
    }
    return r->left > HTTP_MAX_BODY ? HTTP_BODY_TOO_BIG : HTTP_COMPLETE;
}

/* A line of the chunked framing at `consumed`, without its CRLF; p NULL while it is not whole. */
static struct str next_line(struct http_request *r, const char *run, size_t len, bool *bad)
{
    const char *at = run + r->consumed;
    const char *lf = memchr(at, '\n', len - r->consumed);
    size_t n = lf ? (size_t)(lf - at) : len - r->consumed;
    *bad = n > HTTP_MAX_LINE || (lf && (lf == at || lf[-1] != '\r'));
    if (!lf || *bad) {
        return STR_NULL;
    }
    r->consumed = (size_t)(lf + 1 - run);
    return str_make(at, (size_t)(lf - 1 - at));
}

static bool read_chunk_size(struct str line, size_t *out)
{
    struct str digits = str_cut(&line, ';');
    size_t n = 0;
    if (digits.len == 0 || digits.len > 8) {
        return false;
    }
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.p[i];
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0) {
            return false;
        }
        n = n * 16 + (size_t)d;
    }
    *out = n;
    return true;
}

static enum http_result chunk_line(struct http_request *r, const char *run, size_t len)
{
    bool bad;
    struct str line = next_line(r, run, len, &bad);
    if (bad) {
        return HTTP_BAD;
    }
    if (!line.p) {
        return HTTP_NEED_MORE;
    }
    if (r->state == HTTP_CHUNK_END) {
        r->state = HTTP_CHUNK_SIZE;
        return line.len == 0 ? HTTP_COMPLETE : HTTP_BAD;
    }
    if (r->state == HTTP_TRAILER) {
        r->state = line.len == 0 ? HTTP_DONE : HTTP_TRAILER;
        return HTTP_COMPLETE;
    }
    if (!read_chunk_size(line, &r->left)) {
        return HTTP_BAD;
    }
    r->state = r->left == 0 ? HTTP_TRAILER : HTTP_CHUNK_DATA;
    return r->body_len + r->left > HTTP_MAX_BODY ? HTTP_BODY_TOO_BIG : HTTP_COMPLETE;
}

static enum http_result body_bytes(struct http_request *r, char *run, size_t len)
{
    size_t n = len - r->consumed < r->left ? len - r->consumed : r->left;
    size_t to = r->head_len + r->body_len;
    if (to != r->consumed && n > 0) {
        memmove(run + to, run + r->consumed, n);
    }
    r->body_len += n;
    r->consumed += n;
    r->left -= n;
    if (r->left > 0) {
        return HTTP_NEED_MORE;
    }
    r->state = r->state == HTTP_BODY ? HTTP_DONE : HTTP_CHUNK_END;
    return HTTP_COMPLETE;
}

static enum http_result feed_step(struct http_request *r, char *run, size_t len)
{
    switch (r->state) {
    case HTTP_HEAD:
        return feed_head(r, run, len);
    case HTTP_BODY:
    case HTTP_CHUNK_DATA:
        return body_bytes(r, run, len);
    case HTTP_CHUNK_SIZE:
    case HTTP_CHUNK_END:
    case HTTP_TRAILER:
        return chunk_line(r, run, len);
    case HTTP_DONE:
        break;
    }
    return HTTP_COMPLETE;
}

enum http_result http_feed(struct http_request *r, char *p, size_t len)
{
    enum http_result res = HTTP_COMPLETE;
    while (res == HTTP_COMPLETE && r->state != HTTP_DONE) {
        res = feed_step(r, p, len);
    }
    return res;
}
