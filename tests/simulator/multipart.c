/* multipart.h; pure. Strict: CRLF line ends, a closing boundary. */
#include "tests/simulator/multipart.h"

/* The value of a parameter, quoted or not, in a header's value. */
static struct str parameter(struct str header, struct str name)
{
    while (header.p) {
        struct str part = str_trim(str_cut(&header, ';'));
        struct str key = str_cut(&part, '=');
        if (!str_ieq(str_trim(key), name) || !part.p) {
            continue;
        }
        if (part.len >= 2 && part.p[0] == '"' && part.p[part.len - 1] == '"') {
            return str_make(part.p + 1, part.len - 2);
        }
        return part;
    }
    return STR_NULL;
}

bool multipart_init(struct multipart *m, struct str content_type, struct str body)
{
    struct str kind = content_type;
    m->rest = body;
    m->boundary = parameter(content_type, STR("boundary"));
    kind = str_cut(&kind, ';');
    return str_ieq(str_trim(kind), STR("multipart/form-data")) && m->boundary.len > 0 &&
           m->boundary.len <= 70;
}

static struct str drop(struct str s, size_t n)
{
    return str_make(s.p + n, s.len - n);
}

/* Takes `--boundary` off the front of the rest. */
static bool take_boundary(struct multipart *m)
{
    if (!str_starts(m->rest, STR("--")) || !str_starts(drop(m->rest, 2), m->boundary)) {
        return false;
    }
    m->rest = drop(m->rest, 2 + m->boundary.len);
    return true;
}

/* Where `\r\n--boundary` stands in the rest, or -1. */
static ptrdiff_t find_boundary(const struct multipart *m)
{
    size_t from = 0;
    for (;;) {
        ptrdiff_t at = str_find_str(drop(m->rest, from), STR("\r\n--"));
        if (at < 0) {
            return -1;
        }
        from += (size_t)at;
        if (str_starts(drop(m->rest, from + 4), m->boundary)) {
            return (ptrdiff_t)from;
        }
        from += 4;
    }
}

static void read_head(struct multipart_part *part, struct str head)
{
    part->name = part->filename = STR_NULL;
    while (head.p) {
        struct str line = str_trim(str_cut(&head, '\n'));
        struct str name = str_cut(&line, ':');
        if (str_ieq(name, STR("content-disposition"))) {
            part->name = parameter(line, STR("name"));
            part->filename = parameter(line, STR("filename"));
        }
    }
}

bool multipart_next(struct multipart *m, struct multipart_part *part, bool *bad)
{
    *bad = true;
    if (!take_boundary(m)) {
        return false;
    }
    if (str_starts(m->rest, STR("--"))) {
        *bad = false;
        return false;
    }
    ptrdiff_t head = str_find_str(m->rest, STR("\r\n\r\n"));
    if (!str_starts(m->rest, STR("\r\n")) || head < 0) {
        return false;
    }
    read_head(part, str_make(m->rest.p + 2, (size_t)head));
    m->rest = drop(m->rest, (size_t)head + 4);
    ptrdiff_t end = str_starts(m->rest, STR("--")) ? -1 : find_boundary(m);
    if (end < 0 || !part->name.p) {
        return false;
    }
    part->body = str_make(m->rest.p, (size_t)end);
    m->rest = drop(m->rest, (size_t)end + 2);
    *bad = false;
    return true;
}
