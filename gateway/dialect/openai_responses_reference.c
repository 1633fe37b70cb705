/* Items that a request names by their ids, and puts in their places. Pure; any thread. */
#include "gateway/dialect/openai_responses_chain.h"

#include "common/map.h"
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

/* An item's text, by its id. */
struct known {
    struct map items; /* struct str */
    struct str *item; /* of all that were walked over */
};

/* The items of `list`, a body made of them; the first of each id. */
static void learn(struct str list, struct known *out)
{
    enum { LEAST_BYTES = 8 }; /* of an item with an id */
    struct walk w;
    struct str item;
    size_t n = 0;
    out->item = xcalloc(list.len / LEAST_BYTES + 1, sizeof *out->item);
    map_init(&out->items);
    walk_begin(&w, list);
    while ((item = walk_next(&w)).p) {
        bool reference;
        struct str id = id_of(item, &reference);
        if (!id.p || reference || map_get(&out->items, id))
            continue;
        out->item[n] = item;
        (void)map_put(&out->items, id, &out->item[n++]);
    }
}

static void forget(struct known *k)
{
    map_fini(&k->items);
    xfree(k->item);
}

bool responses_resolve(struct str body, struct str known, struct buf *out)
{
    struct walk w;
    struct str item;
    struct buf list;
    struct known k;
    size_t at = 0;
    buf_init(&list, known.len + 16);
    buf_add_lit(&list, "{\"input\":[");
    buf_add_str(&list, known);
    buf_add_lit(&list, "]}");
    learn(buf_str(&list), &k);
    walk_begin(&w, body);
    while (!out->failed && (item = walk_next(&w)).p) {
        bool reference;
        struct str id = id_of(item, &reference);
        const struct str *with = reference && id.p ? map_get(&k.items, id) : NULL;
        if (!with)
            continue;
        size_t begin = (size_t)(item.p - body.p);
        buf_add(out, body.p + at, begin - at);
        buf_add_str(out, *with);
        at = begin + item.len;
    }
    buf_add(out, body.p + at, body.len - at);
    forget(&k);
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
