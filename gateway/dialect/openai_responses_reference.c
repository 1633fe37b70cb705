/* Items that a request names by their ids, and puts in their places. Pure; any thread. */
#include "gateway/dialect/openai_responses_chain.h"

#include <stdlib.h>

#include "common/mem.h"
#include "gateway/wire/json_scan.h"

/* Goes over the elements of `input`. */
struct walk {
    struct json_scan s;
    bool inside, bad;
};

static void walk_begin(struct walk *w, struct str body)
{
    *w = (struct walk){.bad = true};
    json_scan_init(&w->s, body, false);
    if (json_scan_next(&w->s) != JSON_OBJECT_BEGIN)
        return;
    enum json_token t;
    while ((t = json_scan_next(&w->s)) == JSON_KEY) {
        bool input = json_scan_is(&w->s, STR("input"));
        t = json_scan_next(&w->s);
        if (input && t == JSON_ARRAY_BEGIN) {
            w->inside = true;
            w->bad = false;
            return;
        }
        if (!json_scan_value(&w->s, t).p)
            return;
    }
    w->bad = t != JSON_OBJECT_END;
}

/* The next element; .p NULL: there is none. */
static struct str walk_next(struct walk *w)
{
    if (!w->inside)
        return STR_NULL;
    enum json_token t = json_scan_next(&w->s);
    struct str raw = t == JSON_ARRAY_END ? STR_NULL : json_scan_value(&w->s, t);
    w->inside = raw.p != NULL;
    w->bad = !raw.p && t != JSON_ARRAY_END;
    return raw;
}

/* An item's id, raw, .p NULL if it has none; `reference`: is it but a reference? */
static struct str id_of(struct str item, bool *reference)
{
    struct json_scan s;
    struct str found = STR_NULL;
    *reference = false;
    json_scan_init(&s, item, false);
    if (json_scan_next(&s) != JSON_OBJECT_BEGIN)
        return STR_NULL;
    while (json_scan_next(&s) == JSON_KEY) {
        bool type = json_scan_is(&s, STR("type")), id = json_scan_is(&s, STR("id"));
        enum json_token t = json_scan_next(&s);
        if (type && t == JSON_STRING)
            *reference = json_scan_is(&s, STR("item_reference"));
        if (id && t == JSON_STRING)
            found = s.raw;
        if (!json_scan_value(&s, t).p)
            return STR_NULL;
    }
    return found;
}

size_t responses_references(struct str body, struct str *ids, size_t max)
{
    struct walk w;
    struct str item;
    size_t n = 0;
    walk_begin(&w, body);
    while ((item = walk_next(&w)).p) {
        bool reference;
        struct str id = id_of(item, &reference);
        if (!reference || !id.p)
            continue;
        if (n < max)
            ids[n] = id;
        n++;
    }
    return n;
}

/* Items that may be named, by their ids. */
struct known {
    struct str id, item;
};

struct index {
    struct known *v;
    size_t n, cap;
};

static int compare(const void *a, const void *b)
{
    const struct known *x = a, *y = b;
    size_t len = x->id.len < y->id.len ? x->id.len : y->id.len;
    int order = len ? memcmp(x->id.p, y->id.p, len) : 0;
    if (order == 0 && x->id.len != y->id.len)
        order = x->id.len < y->id.len ? -1 : 1;
    return order;
}

/* Of those with one id the first that stands in the list comes first. */
static int compare_all(const void *a, const void *b)
{
    const struct known *x = a, *y = b;
    int order = compare(a, b);
    return order ? order : x->item.p < y->item.p ? -1 : x->item.p > y->item.p;
}

/* `list` is a body made of the items. */
static void index_make(struct index *x, struct str list)
{
    struct walk w;
    struct str item;
    *x = (struct index){0};
    walk_begin(&w, list);
    while ((item = walk_next(&w)).p) {
        bool reference;
        struct str its = id_of(item, &reference);
        if (!its.p || reference)
            continue;
        if (x->n == x->cap) {
            x->cap = x->cap ? x->cap * 2 : 64;
            x->v = xrealloc(x->v, x->cap * sizeof *x->v);
        }
        x->v[x->n++] = (struct known){its, item};
    }
    if (x->n)
        qsort(x->v, x->n, sizeof *x->v, compare_all);
}

/* .p NULL: there is none of that id. */
static struct str find(const struct index *x, struct str id)
{
    size_t low = 0, high = x->n;
    const struct known want = {.id = id};
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&x->v[middle], &want) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < x->n && str_eq(x->v[low].id, id) ? x->v[low].item : STR_NULL;
}

bool responses_resolve(struct str body, struct str known, struct buf *out)
{
    struct walk w;
    struct str item;
    struct buf list;
    struct index known_items;
    size_t at = 0;
    buf_init(&list, known.len + 16);
    buf_add_lit(&list, "{\"input\":[");
    buf_add_str(&list, known);
    buf_add_lit(&list, "]}");
    index_make(&known_items, buf_str(&list));
    walk_begin(&w, body);
    while ((item = walk_next(&w)).p) {
        bool reference;
        struct str id = id_of(item, &reference);
        struct str with = reference && id.p ? find(&known_items, id) : STR_NULL;
        if (!with.p)
            continue;
        size_t begin = (size_t)(item.p - body.p);
        buf_add(out, body.p + at, begin - at);
        buf_add_str(out, with);
        at = begin + item.len;
    }
    buf_add(out, body.p + at, body.len - at);
    xfree(known_items.v);
    buf_fini(&list);
    return !w.bad && !out->failed;
}

bool responses_answer_of(struct str item_id, struct uuid *out)
{
    struct str rest = item_id;
    enum { DIGITS = 32 };
    (void)str_cut(&rest, '_');
    if (rest.len < DIGITS + 2 || rest.p[DIGITS] != '_')
        return false;
    for (size_t i = 0; i < DIGITS; i += 2) {
        int high = json_hex(rest.p[i]), low = json_hex(rest.p[i + 1]);
        if (high < 0 || low < 0)
            return false;
        out->b[i / 2] = (uint8_t)(high << 4 | low);
    }
    return true;
}
