/* Calls whose arguments come in pieces (FunctionCall.partialArgs, willContinue): each piece names
 * its place by a JSON path ("$.a.b[0]"). The call is told when it is complete. Pure; memory that
 * outlives the event from `keep`.
 */
#include "gateway/dialect/google_priv.h"

enum { DEPTH_MAX = 32, NODES_MAX = 4096, KEPT_MAX_BYTES = 64 << 20 /* of all calls */ };

enum kind { EMPTY, OBJECT, ARRAY, VALUE, TEXT };

struct google_node {
    struct google_node *next, *children, **tail;
    enum kind kind;
    struct str key;   /* raw; of an array's element: its number as it stood */
    struct str value; /* VALUE: raw JSON; TEXT: raw, grows */
    size_t cap;
};

/* ------------------------------------------------------------------ places */

static struct google_node *child_of(struct google_answer *g, struct google_node *n, struct str key,
                                    enum kind kind)
{
    struct google_partial *p = &g->state->partial;
    if (n->kind == EMPTY)
        n->kind = kind;
    if (n->kind != kind)
        return NULL;
    for (struct google_node *c = n->children; c; c = c->next)
        if (str_eq(c->key, key))
            return c;
    if (p->n_nodes++ == NODES_MAX)
        return NULL;
    struct google_node *c = ARENA_NEW(g->keep, struct google_node);
    *c = (struct google_node){.key = arena_str(g->keep, key)};
    *(n->tail ? n->tail : &n->children) = c;
    n->tail = &c->next;
    return c;
}

/* What stands in brackets at the begin of `path`, which loses it: a number, or a quoted name. */
static bool cut_brackets(struct str *path, struct str *key, enum kind *kind)
{
    static const struct {
        const char *open, *close;
        enum kind kind;
    } ways[] = {{"['", "']", OBJECT}, {"[\\\"", "\\\"]", OBJECT}, {"[", "]", ARRAY}};
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        struct str open = str_of(ways[i].open), close = str_of(ways[i].close);
        if (!str_starts(*path, open))
            continue;
        struct str rest = str_make(path->p + open.len, path->len - open.len);
        ptrdiff_t end = str_find_str(rest, close);
        if (end < 0)
            return false;
        *key = str_make(rest.p, (size_t)end);
        *path = str_make(rest.p + end + close.len, rest.len - (size_t)end - close.len);
        *kind = ways[i].kind;
        return true;
    }
    return false;
}

static bool cut_name(struct str *path, struct str *key)
{
    size_t n = 1;
    while (n < path->len && path->p[n] != '.' && path->p[n] != '[')
        n++;
    *key = str_make(path->p + 1, n - 1);
    *path = str_make(path->p + n, path->len - n);
    return key->len > 0;
}

/* The node at a path, NULL if it makes no sense. */
static struct google_node *find(struct google_answer *g, struct str path)
{
    struct google_node *n = g->state->partial.root;
    if (!str_starts(path, STR("$")))
        return NULL;
    path = str_make(path.p + 1, path.len - 1);
    for (int depth = 0; n && path.len > 0; depth++) {
        struct str key = STR_NULL;
        enum kind kind = OBJECT;
        bool good = path.p[0] == '.' ? cut_name(&path, &key) : cut_brackets(&path, &key, &kind);
        if (!good || depth == DEPTH_MAX)
            return NULL;
        n = child_of(g, n, key, kind);
    }
    return n == g->state->partial.root ? NULL : n;
}

/* ------------------------------------------------------------------ pieces */

static bool add_text(struct google_answer *g, struct google_node *n, struct str piece)
{
    size_t need = n->value.len + piece.len;
    if (n->kind != EMPTY && n->kind != TEXT)
        return false;
    n->kind = TEXT;
    if (need > n->cap) {
        char *more = arena_alloc(g->keep, need * 2);
        if (n->value.len)
            memcpy(more, n->value.p, n->value.len);
        n->value.p = more;
        n->cap = need * 2;
    }
    if (piece.len)
        memcpy((char *)(uintptr_t)n->value.p + n->value.len, piece.p, piece.len);
    n->value.len = need;
    return true;
}

static bool add_value(struct google_answer *g, struct google_node *n, struct str raw)
{
    if (n->kind != EMPTY)
        return false;
    n->kind = VALUE;
    n->value = arena_str(g->keep, raw);
    return true;
}

struct piece {
    struct str path, text, value;
};

static struct piece read_piece(struct reader *r)
{
    struct piece p = {STR_NULL, STR_NULL, STR_NULL};
    struct str key;
    while (google_key(r, &key)) {
        if (rd_is(key, "jsonPath")) {
            (void)rd_text(r, "", &p.path);
        } else if (rd_is(key, "stringValue")) {
            (void)rd_text(r, "", &p.text);
        } else if (rd_is(key, "numberValue") || rd_is(key, "boolValue")) {
            (void)rd_raw(r, &p.value);
        } else {
            if (rd_is(key, "nullValue"))
                p.value = STR("null");
            rd_skip(r);
        }
    }
    return p;
}

/* False: a piece has no place. */
static bool add_pieces(struct google_answer *g, struct str raw)
{
    struct reader r;
    bool good = true;
    rd_init(&r, raw, g->r.a, NULL);
    if (!raw.p || !rd_array(&r, ""))
        return true;
    while (good && rd_element(&r)) {
        if (!rd_object(&r, ""))
            continue;
        struct piece p = read_piece(&r);
        struct google_node *n = p.path.p ? find(g, p.path) : NULL;
        good = n && (p.text.p ? add_text(g, n, p.text) : !p.value.p || add_value(g, n, p.value));
    }
    return good;
}

/* ------------------------------------------------------------------ the call */

static void write_node(struct json_write *w, const struct google_node *n)
{
    bool array = n->kind == ARRAY;
    if (n->kind == VALUE) {
        jw_raw(w, n->value);
    } else if (n->kind == TEXT) {
        jw_text(w, n->value);
    } else if (n->kind == EMPTY) {
        jw_lit(w, "null");
    } else {
        array ? jw_array(w) : jw_object(w);
        for (const struct google_node *c = n->children; c; c = c->next) {
            if (!array)
                jw_key_raw(w, c->key);
            write_node(w, c);
        }
        jw_end(w);
    }
}

static size_t size_of(const struct google_node *n)
{
    size_t size = n->key.len + n->value.len + 8;
    for (const struct google_node *c = n->children; c; c = c->next)
        size += size_of(c);
    return size;
}

static struct str arguments(struct google_answer *g)
{
    const struct google_node *root = g->state->partial.root;
    struct json_write w;
    struct buf b;
    if (root->kind == EMPTY)
        return STR("{}");
    buf_init(&b, size_of(root) + 64);
    json_write_init(&w, &b);
    write_node(&w, root);
    struct str text = arena_str(g->r.a, buf_str(&b));
    buf_fini(&b);
    return text;
}

void google_partial_end(struct google_answer *g)
{
    struct google_partial *p = &g->state->partial;
    if (!p->open)
        return;
    p->open = false;
    struct google_part whole = {.id = p->id, .name = p->name, .signature = p->signature};
    whole.json = p->args.p ? p->args : arguments(g);
    google_add_call(g, &whole);
}

static struct str kept(struct google_answer *g, struct str s)
{
    return s.p ? arena_str(g->keep, s) : STR_NULL;
}

bool google_partial_take(struct google_answer *g, const struct google_part *part)
{
    struct google_partial *p = &g->state->partial;
    g->state->kept += part->id.len + part->name.len + part->signature.len + part->json.len +
                      part->partial.len;
    if (g->state->kept > KEPT_MAX_BYTES)
        return false;
    if (part->name.len > 0)
        google_partial_end(g);
    if (!p->open)
        *p = (struct google_partial){.open = true,
                                     .id = kept(g, part->id),
                                     .name = kept(g, part->name),
                                     .root = ARENA_NEW(g->keep, struct google_node)};
    if (part->signature.len > 0)
        p->signature = kept(g, part->signature);
    if (part->json.p)
        p->args = kept(g, part->json);
    bool good = add_pieces(g, part->partial);
    if (!part->goes_on)
        google_partial_end(g);
    return good;
}
