/* Checks on URL templates and what goes into them. Resolving and guarding addresses is not done
 * here: a well-formed URL may still lead where it must not.
 */
#include "gateway/snapshot/template.h"

static const char *const placeholders[] = {"{region}", "{project}", "{resource}"};

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Length of the placeholder that `s` begins with; 0: none. */
static size_t placeholder_len(struct str s)
{
    for (size_t i = 0; i < ARRAY_LEN(placeholders); i++)
        if (str_starts(s, str_of(placeholders[i])))
            return strlen(placeholders[i]);
    return 0;
}

static struct str skip(struct str s, size_t n)
{
    return str_make(s.p + n, s.len - n);
}

/* Every byte is alphanumeric, one of `extra`, or part of a placeholder. */
static bool holds_only(struct str s, const char *extra)
{
    while (s.len) {
        size_t n = placeholder_len(s);
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
        return host.len && holds_only(host, ":.") && (!port.p || port_ok(port));
    }
    ptrdiff_t colon = str_find(authority, ':');
    if (colon >= 0) {
        host = str_make(authority.p, (size_t)colon);
        port = skip(authority, (size_t)colon + 1);
    }
    return host.len && holds_only(host, ".-_") && (!port.p || port_ok(port));
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
    if (!holds_only(path, "/-._~!$&'()*+,;=:@%"))
        return *why = "the URL's path is not valid (no query, no fragment)", false;
    *out = url;
    while (out->p[out->len - 1] == '/')
        out->len--;
    return true;
}

bool template_check_path(struct str path)
{
    static const struct str hole = {"{model}", 7};
    ptrdiff_t at = str_find_str(path, hole);
    struct str behind = STR("");
    if (at >= 0) {
        behind = str_make(path.p + at + hole.len, path.len - (size_t)at - hole.len);
        path.len = (size_t)at;
    }
    return str_starts(path, STR("/")) && holds_only(path, "/-._~!$&'()*+,;=:@%?") &&
           holds_only(behind, "/-._~!$&'()*+,;=:@%?");
}

bool template_check_value(struct str value)
{
    if (value.len < 1 || value.len > 63 || value.p[0] == '-')
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (!(value.p[i] >= 'a' && value.p[i] <= 'z') &&
            !(value.p[i] >= '0' && value.p[i] <= '9') && value.p[i] != '-')
            return false;
    return true;
}

bool template_needs(struct str url, struct str option)
{
    for (size_t i = 0; i < ARRAY_LEN(placeholders); i++) {
        struct str name = str_make(placeholders[i] + 1, strlen(placeholders[i]) - 2);
        if (str_eq(name, option))
            return str_find_str(url, str_of(placeholders[i])) >= 0;
    }
    return false;
}
