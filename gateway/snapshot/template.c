/* Checks on URL templates and what goes into them. Resolving and guarding addresses is not done
 * here: a well-formed URL may still lead where it must not.
 */
#include "gateway/snapshot/template.h"

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static struct str skip(struct str s, size_t n)
{
    return str_make(s.p + n, s.len - n);
}

/* Cuts what stands before the first hole; `*name` is the hole's, NULL p if there is none. */
static struct str next_plain(struct str *template, struct str *name)
{
    struct str plain = str_cut(template, '{');
    *name = template->p ? str_cut(template, '}') : STR_NULL;
    return plain;
}

/* Bits of provider_option, and this one. */
#define HOLE_MODEL (1u << OPTION_COUNT)
#define HOLES_HOST (1u << OPTION_REGION | 1u << OPTION_PROJECT | 1u << OPTION_RESOURCE)
#define HOLES_PATH (HOLES_HOST | 1u << OPTION_DEPLOYMENT | 1u << OPTION_API_VERSION)

/* Length of the hole that `s` begins with, if it is one of `holes`; 0: none. */
static size_t hole_len(struct str s, unsigned holes)
{
    ptrdiff_t end = str_starts(s, STR("{")) ? str_find(s, '}') : -1;
    if (end < 0)
        return 0;
    struct str name = str_make(s.p + 1, (size_t)end - 1);
    enum provider_option o = provider_option_find(name);
    unsigned bit = str_eq(name, STR("model")) ? HOLE_MODEL : o == OPTION_NONE ? 0 : 1u << o;
    return (holes & bit) ? (size_t)end + 1 : 0;
}

/* Every byte is alphanumeric, one of `extra`, or part of a hole. */
static bool holds_only(struct str s, const char *extra, unsigned holes)
{
    while (s.len) {
        size_t n = hole_len(s, holes);
        if (n == 0 && (s.p[0] == '\0' || (!is_alnum(s.p[0]) && !strchr(extra, s.p[0]))))
            return false;
        s = skip(s, n ? n : 1);
    }
    return true;
}

static bool port_ok(struct str port)
{
    int64_t n;
    return str_to_i64(port, &n) && n >= 1 && n <= 65535;
}

static bool authority_ok(struct str authority)
{
    struct str host = authority, port = STR_NULL;
    if (str_starts(authority, STR("["))) {
        ptrdiff_t end = str_find(authority, ']');
        if (end < 0)
            return false;
        struct str rest = skip(authority, (size_t)end + 1);
        host = str_make(authority.p + 1, (size_t)end - 1);
        if (rest.len && rest.p[0] != ':')
            return false;
        port = rest.len ? skip(rest, 1) : STR_NULL;
        return host.len && holds_only(host, ":.", 0) && (!port.p || port_ok(port));
    }
    ptrdiff_t colon = str_find(authority, ':');
    if (colon >= 0) {
        host = str_make(authority.p, (size_t)colon);
        port = skip(authority, (size_t)colon + 1);
    }
    return host.len && holds_only(host, ".-_", HOLES_HOST) && (!port.p || port_ok(port));
}

bool template_check_url(struct str url, struct str *out, const char **why)
{
    struct str rest = url;
    if (str_starts(rest, STR("https://")))
        rest = skip(rest, 8);
    else if (str_starts(rest, STR("http://")))
        rest = skip(rest, 7);
    else
        return *why = "the URL must begin with http:// or https://", false;
    ptrdiff_t slash = str_find(rest, '/');
    struct str authority = slash < 0 ? rest : str_make(rest.p, (size_t)slash);
    struct str path = slash < 0 ? STR("") : skip(rest, (size_t)slash);
    if (str_find(authority, '@') >= 0)
        return *why = "the URL must not hold a user", false;
    if (!authority_ok(authority))
        return *why = "the URL has no valid host", false;
    if (!holds_only(path, "/-._~!$&'()*+,;=:@%", HOLES_PATH))
        return *why = "the URL's path is not valid (no query, no fragment)", false;
    *out = url;
    while (out->p[out->len - 1] == '/')
        out->len--;
    return true;
}

bool template_check_path(struct str path)
{
    struct str query = path;
    struct str before = str_cut(&query, '?');
    return str_starts(path, STR("/")) &&
           holds_only(before, "/-._~!$&'()*+,;=:@%", HOLES_PATH | HOLE_MODEL) &&
           holds_only(query, "/-._~!$&'()*+,;=:@%", HOLES_PATH);
}

bool template_needs(struct str url, enum provider_option o)
{
    while (url.len) {
        struct str name = STR_NULL;
        (void)next_plain(&url, &name);
        if (name.p && provider_option_find(name) == o)
            return true;
    }
    return false;
}

/* "/plain | :streamed": see template.h. */
bool template_split_paths(struct str both, struct arena *a, struct str *plain, struct str *streamed)
{
    struct str second = both;
    struct str first = str_trim(str_cut(&second, '|'));
    bool alone = second.p == NULL;
    second = str_trim(second);
    *plain = *streamed = first;
    if (!template_check_path(first))
        return false;
    if (alone)
        return true;
    if (second.len < 2 || (second.p[0] != '/' && second.p[0] != ':'))
        return false;
    struct str before = str_cut(&first, '?');
    size_t keep = before.len;
    while (keep > 0 && before.p[keep - 1] != second.p[0])
        keep--;
    if (keep == 0 || (str_find_str(before, STR("{model}")) >= (ptrdiff_t)keep))
        return false; /* nothing to replace, or the model would be lost */
    *streamed = str_of(
        arena_printf(a, STR_FMT STR_FMT, (int)(keep - 1), before.p, STR_ARG(second)));
    return template_check_path(*streamed);
}

/* RFC 3986: all but the unreserved is escaped, so that a name is one segment, whatever it holds. */
static bool add_segment(struct str s, struct buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    if (s.len == 0 || str_eq(s, STR(".")) || str_eq(s, STR("..")))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        const char escaped[3] = {'%', digits[c >> 4], digits[c & 15]};
        if (is_alnum(s.p[i]) || (c && strchr("-._~", c)))
            (void)buf_add_char(out, s.p[i]);
        else
            (void)buf_add(out, escaped, sizeof escaped);
    }
    return true;
}

static bool add_option(struct str name, const struct template_values *v, struct str *rest,
                       struct buf *out)
{
    enum provider_option o = provider_option_find(name);
    struct str value = o == OPTION_NONE ? STR("") : v->option[o];
    /* What is everywhere has no place before its host's name. */
    bool host = str_ends(buf_str(out), STR("://")) && str_starts(*rest, STR("-"));
    if (o == OPTION_REGION && host && str_eq(value, STR("global"))) {
        *rest = skip(*rest, 1);
        return true;
    }
    return value.len > 0 && buf_add_str(out, value);
}

bool template_add_version(struct buf *url, struct str api_version)
{
    return buf_add_char(url, str_find(buf_str(url), '?') >= 0 ? '&' : '?') &&
           buf_add_lit(url, "api-version=") && buf_add_str(url, api_version);
}

bool template_expand(struct str template, const struct template_values *v, struct buf *out)
{
    while (template.len) {
        struct str name = STR_NULL;
        (void)buf_add_str(out, next_plain(&template, &name));
        if (!name.p)
            break;
        bool ok = str_eq(name, STR("model")) ? add_segment(v->model, out)
                                             : add_option(name, v, &template, out);
        if (!ok)
            return false;
    }
    return !out->failed;
}
