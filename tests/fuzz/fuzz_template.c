/* URL templates: one that is accepted has no user, query or fragment, and no place for them. */
#include "gateway/snapshot/template.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = str_make((const char *)data, size), url;
    const char *why = NULL;
    if (template_check_url(s, &url, &why)) {
        ASSERT(url.len >= 8 && url.p == s.p && url.len <= s.len && url.p[url.len - 1] != '/');
        for (size_t i = 0; i < url.len; i++)
            ASSERT(url.p[i] > ' ' && url.p[i] < 0x7f && !strchr("?#\\\"<>`|^", url.p[i]));
        struct str rest = url;
        (void)str_cut(&rest, '/'); /* scheme */
        (void)str_cut(&rest, '/');
        ASSERT(str_find(str_cut(&rest, '/'), '@') < 0);
    } else {
        ASSERT(why);
    }
    if (template_check_path(s))
        ASSERT(s.p[0] == '/' && str_find(s, ' ') < 0 && str_find(s, '#') < 0);
    if (template_check_value(s))
        ASSERT(s.len >= 1 && s.len <= 63 && str_find(s, '.') < 0 && str_find(s, '/') < 0);
    return 0;
}
