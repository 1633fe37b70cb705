/* URLs taken apart by hand. Pure; runs wherever a URL is needed. */
#include "gateway/wire/url.h"

bool url_parse(struct str text, struct url *out)
{
    bool tls = str_starts(text, STR("https://"));
    if (!tls && !str_starts(text, STR("http://")))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f)
            return false;
    size_t begin = tls ? 8 : 7, end = begin;
    while (end < text.len && text.p[end] != '/' && text.p[end] != '?' && text.p[end] != '#')
        end++;
    out->origin = str_make(text.p, end);
    out->host = str_make(text.p + begin, end - begin);
    out->target = str_make(text.p + end, text.len - end);
    out->target = str_cut(&(struct str){out->target.p, out->target.len}, '#');
    if (!out->host.len || end > URL_ORIGIN_MAX || str_find(out->host, '@') >= 0)
        return false;
    struct str port = tls ? STR(":443") : STR(":80");
    if (str_ends(out->host, port))
        out->host.len -= port.len;
    return out->host.len > 0;
}

static bool is_alnum(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters of names, addresses (also IPv6 in brackets) and ports. */
static bool is_host(struct str host)
{
    for (size_t i = 0; i < host.len; i++) {
        unsigned char c = (unsigned char)host.p[i];
        if (!is_alnum(c) && (c == '\0' || !strchr(".-_:[]", c)))
            return false;
    }
    return host.len > 0 && host.p[0] != ':';
}

/* RFC 3986 has no place for these as they are. */
static bool is_sent_encoded(unsigned char c)
{
    return c == ' ' || c > 0x7e || strchr("\"<>\\^`{|}", c) != NULL;
}

static void add_behind_host(struct str text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (is_sent_encoded(c))
            (void)buf_printf(out, "%%%02X", c);
        else
            (void)buf_add_char(out, (char)c);
    }
}

/* Cuts the scheme off. */
static bool cut_scheme(struct str *text, struct str *scheme)
{
    static const struct str known[] = {{"https://", 8}, {"http://", 7}};
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (text->len < known[i].len || !str_ieq(str_make(text->p, known[i].len), known[i]))
            continue;
        *scheme = known[i];
        *text = str_make(text->p + known[i].len, text->len - known[i].len);
        return true;
    }
    return false;
}

enum url_fault url_tidy(struct str text, struct buf *out)
{
    struct str scheme;
    if (!cut_scheme(&text, &scheme))
        return URL_NO_HTTP;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
            return URL_BYTES;
    text = str_cut(&(struct str){text.p, text.len}, '#');
    size_t end = 0;
    while (end < text.len && text.p[end] != '/' && text.p[end] != '?')
        end++;
    struct str host = str_make(text.p, end);
    if (str_find(host, '@') >= 0)
        return URL_USER;
    if (!is_host(host) || scheme.len + end > URL_ORIGIN_MAX)
        return URL_HOST;
    (void)buf_add_str(out, scheme);
    (void)buf_add_str(out, host);
    add_behind_host(str_make(text.p + end, text.len - end), out);
    return out->failed ? URL_BYTES : URL_FINE;
}
