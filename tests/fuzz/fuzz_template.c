/* URL templates: one that is accepted has no user, query or fragment, and no place for them. */
#include "gateway/snapshot/template.h"
#include "tests/fuzz/fuzz.h"

/* A model's name is one segment, whatever it holds; a row's paths are filled without a hole left.
 */
static void check_expansion(struct str s)
{
    struct template_values v = {.model = s};
    struct str plain, streamed;
    struct arena *a = arena_new(256);
    struct buf b;
    buf_init(&b, 1 << 20);
    for (enum provider_option o = 0; o < OPTION_COUNT; o++)
        v.option[o] = STR("x");
    if (template_expand(STR("{model}"), &v, &b))
        for (size_t i = 0; i < b.len; i++)
            ASSERT(b.p[i] > ' ' && b.p[i] < 0x7f && !strchr("/?#:{}", b.p[i]));
    if (template_split_paths(s, a, &plain, &streamed)) {
        v.model = STR("m");
        buf_reset(&b);
        ASSERT(template_expand(plain, &v, &b) && template_expand(streamed, &v, &b));
        ASSERT(str_find(buf_str(&b), '{') < 0 && str_find(buf_str(&b), ' ') < 0);
    }
    buf_fini(&b);
    arena_free(a);
}

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
    for (enum provider_option o = 0; o < OPTION_COUNT; o++)
        if (provider_option_fits(o, s))
            ASSERT(s.len >= 1 && s.len <= 63 && s.p[0] != '.' && str_find(s, '/') < 0);
    check_expansion(s);
    return 0;
}
