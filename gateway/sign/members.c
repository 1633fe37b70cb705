/* Small JSON objects without a tree. Pure. */
#include "gateway/sign/members.h"

#include <sodium.h>

struct wipe {
    char *p;
    size_t len;
};

static void wipe(void *arg)
{
    struct wipe *w = arg;
    sodium_memzero(w->p, w->len);
}

bool members_find(struct str json, struct member *members, size_t n)
{
    struct json_scan s;
    json_scan_init(&s, json, true);
    if (json_scan_next(&s) != JSON_OBJECT_BEGIN)
        return false;
    while (json_scan_next(&s) == JSON_KEY) {
        struct member *m = NULL;
        for (size_t i = 0; i < n && !m; i++)
            m = json_scan_is(&s, members[i].name) ? &members[i] : NULL;
        enum json_token kind = json_scan_next(&s);
        struct str raw = s.raw;
        if (!json_scan_value(&s, kind).p)
            return false;
        if (!m)
            continue;
        m->repeated = m->raw.p != NULL;
        m->kind = kind;
        m->raw = raw.p ? raw : STR("");
    }
    return s.token == JSON_OBJECT_END && json_scan_next(&s) == JSON_END;
}

bool member_is_text(const struct member *m, size_t max)
{
    return m->raw.p && m->kind == JSON_STRING && !m->repeated && m->raw.len > 0 &&
           m->raw.len <= max;
}

struct str member_decode(const struct member *m, struct arena *a)
{
    struct wipe *w = ARENA_NEW(a, struct wipe);
    w->len = m->raw.len + 1;
    w->p = arena_alloc(a, w->len);
    arena_defer(a, wipe, w);
    return str_make(w->p, json_decode_into(m->raw, w->p));
}
