/* multipart.h. Delimiters are looked for by their LF, the only one in them: a mismatch never hides
 * another beginning. One without its CR before it is refused, since there are readers that take it.
 * Pure; any thread. */
#include "gateway/wire/multipart.h"

enum { MAGIC = 0x6d756c74 };

static struct str drop(struct str s, size_t n)
{
    return str_make(s.p + n, s.len - n);
}

/* ------------------------------------------------------------------ parameters */

/* No control bytes: those of a head's line. */
static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return false;
    return true;
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~' || strchr("()<>@,;:\\\"/[]?=", s.p[i]))
            return false;
    return s.len > 0;
}

/* Takes `; name=value` off the front; false at the end, or (with *bad) if it is none. */
static bool take_parameter(struct str *rest, struct str *name, struct str *value, bool *bad)
{
    *rest = str_trim(*rest);
    if (rest->len == 0)
        return false;
    *bad = true;
    if (rest->p[0] != ';')
        return false;
    struct str s = str_trim(drop(*rest, 1));
    ptrdiff_t equals = str_find(s, '=');
    if (equals < 0)
        return false;
    *name = str_make(s.p, (size_t)equals);
    s = drop(s, (size_t)equals + 1);
    if (s.len && s.p[0] == '"') {
        s = drop(s, 1);
        ptrdiff_t end = str_find(s, '"');
        if (end < 0 || (end > 0 && s.p[end - 1] == '\\'))
            return false;
        *value = str_make(s.p, (size_t)end);
        *rest = drop(s, (size_t)end + 1);
    } else {
        ptrdiff_t end = str_find(s, ';');
        *value = str_trim(str_make(s.p, end < 0 ? s.len : (size_t)end));
        *rest = drop(s, end < 0 ? s.len : (size_t)end);
        if (!is_token(*value))
            return false;
    }
    *bad = !is_token(*name);
    return !*bad;
}

static bool is_boundary(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == '"' || s.p[i] == '\\')
            return false;
    return s.len > 0 && s.len <= MULTIPART_BOUNDARY_MAX && s.p[s.len - 1] != ' ';
}

struct str multipart_boundary(struct str content_type)
{
    struct str rest = content_type, name, value, found = STR_NULL;
    struct str media = str_trim(str_cut(&rest, ';'));
    bool bad = false;
    if (!rest.p || !str_ieq(media, STR("multipart/form-data")))
        return STR_NULL;
    rest = str_make(rest.p - 1, rest.len + 1); /* with its semicolon */
    while (take_parameter(&rest, &name, &value, &bad)) {
        if (!str_ieq(name, STR("boundary")))
            continue;
        if (found.p)
            return STR_NULL;
        found = value;
    }
    return !bad && found.p && is_boundary(found) ? found : STR_NULL;
}

/* ------------------------------------------------------------------ heads */

/* `form-data; name="..."; filename="..."` */
static const char *read_disposition(struct str value, struct multipart_part *part)
{
    struct str name, word;
    bool bad = false;
    ptrdiff_t end = str_find(value, ';');
    struct str kind = str_trim(str_make(value.p, end < 0 ? value.len : (size_t)end));
    struct str rest = drop(value, end < 0 ? value.len : (size_t)end);
    if (part->name.p)
        return "A part has two Content-Dispositions.";
    if (!str_ieq(kind, STR("form-data")))
        return "A part's Content-Disposition is not form-data.";
    while (take_parameter(&rest, &name, &word, &bad)) {
        if (str_ieq(name, STR("name"))) {
            if (part->name.p)
                return "A part has two names.";
            part->name = word;
        } else if (str_ieq(name, STR("filename")) || str_ieq(name, STR("filename*"))) {
            part->file = true;
        }
    }
    if (bad || !part->name.p || part->name.len == 0 || str_find(part->name, '\\') >= 0)
        return "A part's Content-Disposition cannot be read.";
    return NULL;
}

static const char *read_line(struct str line, struct multipart_part *part)
{
    ptrdiff_t colon = str_find(line, ':');
    struct str name = str_make(line.p, colon < 0 ? 0 : (size_t)colon);
    if (!is_token(name) || !is_plain(line))
        return "A header line of a part cannot be read.";
    struct str value = str_trim(drop(line, name.len + 1));
    if (str_ieq(name, STR("content-disposition")))
        return read_disposition(value, part);
    bool coded = str_ieq(name, STR("content-transfer-encoding")) &&
                 !str_ieq(value, STR("binary")) && !str_ieq(value, STR("8bit")) &&
                 !str_ieq(value, STR("7bit"));
    return coded ? "A part has a Content-Transfer-Encoding." : NULL;
}

/* The head is whole, ending in an empty line. */
static const char *read_head(struct multipart *m)
{
    struct str head = str_make(m->head, m->head_len - 2);
    m->part = (struct multipart_part){.name = STR_NULL, .begin = m->at, .end = m->at};
    while (head.len) {
        size_t end = (size_t)str_find_str(head, STR("\r\n"));
        const char *problem = read_line(str_make(head.p, end), &m->part);
        if (problem)
            return problem;
        head = drop(head, end + 2);
    }
    return m->part.name.p ? NULL : "A part has no Content-Disposition.";
}

/* ------------------------------------------------------------------ bytes */

void multipart_init(struct multipart *m, struct str boundary)
{
    ASSERT(boundary.len > 0 && boundary.len <= MULTIPART_BOUNDARY_MAX);
    *m = (struct multipart){.magic = MAGIC, .state = MP_START};
    memcpy(m->delimiter, "\n--", 3);
    memcpy(m->delimiter + 3, boundary.p, boundary.len);
    m->delimiter_len = boundary.len + 3;
    m->matched = 1; /* the first one has no line before it */
}

static enum multipart_result fail(struct multipart *m, const char *problem)
{
    m->state = MP_BAD;
    m->problem = problem;
    return MULTIPART_BAD;
}

/* Content up to the delimiter: true when the delimiter has been read. */
static bool read_content(struct multipart *m, struct str *bytes)
{
    size_t i = 0;
    while (i < bytes->len && m->matched < m->delimiter_len) {
        if (m->matched == 0) {
            const char *lf = memchr(bytes->p + i, '\n', bytes->len - i);
            i = lf ? (size_t)(lf - bytes->p) : bytes->len;
            m->cr = (i > 0 ? bytes->p[i - 1] : m->last) == '\r';
            m->matched = lf != NULL;
            i += lf != NULL;
        } else if (bytes->p[i] == m->delimiter[m->matched]) {
            m->matched++;
            i++;
        } else {
            m->matched = 0; /* and this byte again */
        }
    }
    if (i > 0)
        m->last = bytes->p[i - 1];
    m->at += i;
    *bytes = drop(*bytes, i);
    return m->matched == m->delimiter_len;
}

/* One byte of a head. */
static const char *add_to_head(struct multipart *m, char c)
{
    if (m->head_len == sizeof m->head)
        return "A part's head is too long.";
    if (c == '\n' && (m->head_len == 0 || m->head[m->head_len - 1] != '\r'))
        return "A header line of a part ends without CR.";
    m->head[m->head_len++] = c;
    bool empty = m->head_len == 2 && memcmp(m->head, "\r\n", 2) == 0;
    if (!empty && (m->head_len < 4 || memcmp(m->head + m->head_len - 4, "\r\n\r\n", 4) != 0))
        return NULL;
    m->state = MP_BODY;
    m->matched = 1; /* a boundary that shares the head's line end is none, and refused */
    m->cr = false;
    m->last = '\n';
    return read_head(m);
}

/* One byte outside of contents. */
static const char *step(struct multipart *m, char c)
{
    static const char bad_mark[] = "A boundary is followed by something else than a line's end.";
    switch (m->state) {
    case MP_START:
        if (c != m->delimiter[m->matched])
            return "The body does not begin with the boundary.";
        m->state = ++m->matched == m->delimiter_len ? MP_MARK : MP_START;
        return NULL;
    case MP_MARK:
        m->state = c == '-' ? MP_DASH : MP_LF;
        return c == '-' || c == '\r' ? NULL : bad_mark;
    case MP_DASH:
        m->state = MP_END;
        return c == '-' ? NULL : bad_mark;
    case MP_LF:
        m->state = MP_HEAD;
        m->head_len = 0;
        if (++m->parts > MULTIPART_PARTS_MAX)
            return "The form has too many parts.";
        return c == '\n' ? NULL : bad_mark;
    case MP_HEAD:
        return add_to_head(m, c);
    case MP_END:
        m->state = MP_END_LF;
        return c == '\r' ? NULL : "Something follows the last boundary.";
    case MP_END_LF:
        m->state = MP_END;
        return c == '\n' ? NULL : "Something follows the last boundary.";
    case MP_BODY:
    case MP_BAD:
        break;
    }
    ASSERT(false);
    return NULL;
}

enum multipart_result multipart_next(struct multipart *m, struct str *bytes,
                                     struct multipart_part *part)
{
    CHECK(m, MAGIC);
    while (m->state != MP_BAD && bytes->len) {
        if (m->state == MP_BODY) {
            if (!read_content(m, bytes))
                break;
            if (!m->cr) {
                (void)fail(m, "A boundary has no line's end before it.");
                break;
            }
            m->state = MP_MARK;
            m->part.end = m->at - m->delimiter_len - 1;
            *part = m->part;
            return MULTIPART_PART;
        }
        m->at++;
        const char *problem = step(m, bytes->p[0]);
        *bytes = drop(*bytes, 1);
        if (problem)
            (void)fail(m, problem);
    }
    *part = (struct multipart_part){.problem = m->problem};
    if (m->state == MP_BAD)
        return MULTIPART_BAD;
    return m->state == MP_END ? MULTIPART_DONE : MULTIPART_MORE;
}
