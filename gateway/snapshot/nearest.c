/* "Did you mean": names of models near to one that is not there. Runs on a worker, on the error
 * path that a stranger can repeat, so its work is bounded: a set of letters rules most names out
 * before they are compared, and comparing has a budget.
 */
#include "gateway/snapshot/nearest.h"

enum {
    QUERY_MAX = 96, /* bytes; longer names are cut */
    DISTANCE_MAX = 4,
    BUDGET = 100000, /* cells of a distance's table, or bytes searched; about 200 us */
    WORDS_MAX = 4,
    KEEP_MAX = 8,
};

struct query {
    struct str name, tail; /* tail: behind the last slash */
    uint64_t letters;
    struct str words[WORDS_MAX]; /* the longest, three letters or more */
    uint64_t word_letters[WORDS_MAX];
    size_t n_words, words_len;
    long budget;
};

struct candidate {
    const struct snap_model *model;
    unsigned score; /* less is nearer */
};

struct ranking {
    struct candidate best[KEEP_MAX];
    size_t n, max;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static uint64_t letters_of(struct str s)
{
    uint64_t set = 0;
    for (size_t i = 0; i < s.len; i++)
        set |= UINT64_C(1) << (lower(s.p[i]) & 63);
    return set;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Keeps the longest few, so that "claude" and "sonnet" count and "v1" does not. */
static void add_word(struct query *q, struct str word)
{
    size_t at = q->n_words;
    if (word.len < 3)
        return;
    if (q->n_words < WORDS_MAX)
        q->n_words++;
    else
        for (size_t i = at = 0; i < WORDS_MAX; i++)
            at = q->words[i].len < q->words[at].len ? i : at;
    if (q->words[at].p && q->words[at].len >= word.len)
        return;
    q->words[at] = word;
}

static void query_init(struct query *q, struct str name)
{
    *q = (struct query){.budget = BUDGET};
    q->name = str_make(name.p, name.len < QUERY_MAX ? name.len : QUERY_MAX);
    q->tail = q->name;
    for (size_t i = 0; i < q->name.len; i++)
        if (q->name.p[i] == '/')
            q->tail = str_make(q->name.p + i + 1, q->name.len - i - 1);
    q->letters = letters_of(q->tail);
    for (size_t i = 0; i < q->tail.len;) {
        size_t end = i;
        while (end < q->tail.len && is_letter(q->tail.p[end]))
            end++;
        add_word(q, str_make(q->tail.p + i, end - i));
        i = end + 1;
    }
    for (size_t i = 0; i < q->n_words; i++) {
        q->words_len += q->words[i].len;
        q->word_letters[i] = letters_of(q->words[i]);
    }
}

static unsigned bits(uint64_t set)
{
    return (unsigned)__builtin_popcountll(set);
}

/* At most DISTANCE_MAX, or DISTANCE_MAX + 1 for anything more. */
static unsigned distance(struct query *q, const struct near_name *n)
{
    size_t shorter = q->tail.len < n->text.len ? q->tail.len : n->text.len;
    size_t longer = q->tail.len + n->text.len - shorter;
    unsigned limit = shorter / 3 < DISTANCE_MAX ? (unsigned)(shorter / 3) : DISTANCE_MAX;
    if (longer - shorter > limit || bits(q->letters & ~n->letters) > limit ||
        bits(n->letters & ~q->letters) > limit)
        return DISTANCE_MAX + 1;
    q->budget -= (long)(longer * shorter);
    if (q->budget < 0)
        return DISTANCE_MAX + 1;
    unsigned d = str_distance(q->tail, n->text, limit);
    return d > limit ? DISTANCE_MAX + 1 : d;
}

/* The sets of letters come along to spare most searches. */
static bool contains(struct query *q, struct str s, uint64_t s_letters, struct str word,
                     uint64_t word_letters)
{
    if ((word_letters & ~s_letters) != 0 || word.len > s.len)
        return false;
    q->budget -= (long)s.len;
    if (q->budget < 0)
        return false;
    for (size_t i = 0; i + word.len <= s.len; i++)
        if (lower(s.p[i]) == lower(word.p[0]) && str_ieq(str_make(s.p + i, word.len), word))
            return true;
    return false;
}

/* 0..: edit distance; 10..: one contains the other; 100..: shares words. UINT32_MAX: far. */
static unsigned score(struct query *q, const struct near_name *n)
{
    unsigned d = distance(q, n);
    if (d <= DISTANCE_MAX)
        return d;
    if (q->tail.len >= 3 && n->text.len > q->tail.len &&
        contains(q, n->text, n->letters, q->tail, q->letters))
        return 10 + (unsigned)(n->text.len - q->tail.len);
    if (n->text.len >= 4 && q->tail.len > n->text.len &&
        contains(q, q->tail, q->letters, n->text, n->letters))
        return 10 + (unsigned)(q->tail.len - n->text.len);
    size_t shared = 0;
    for (size_t i = 0; i < q->n_words; i++)
        if (contains(q, n->text, n->letters, q->words[i], q->word_letters[i]))
            shared += q->words[i].len;
    if (shared == 0 || shared * 2 < q->words_len)
        return UINT32_MAX;
    return 100 + (unsigned)(q->words_len - shared);
}

static bool nearer(const struct candidate *a, const struct candidate *b)
{
    if (a->score != b->score)
        return a->score < b->score;
    return a->model->released_us > b->model->released_us;
}

static void drop(struct ranking *r, size_t at)
{
    memmove(&r->best[at], &r->best[at + 1], (r->n - at - 1) * sizeof r->best[0]);
    r->n--;
}

/* A model stands in the ranking once, by its nearest name. */
static void rank(struct ranking *r, struct candidate c)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->best[i].model != c.model)
            continue;
        if (!nearer(&c, &r->best[i]))
            return;
        drop(r, i);
    }
    size_t at = r->n;
    while (at > 0 && nearer(&c, &r->best[at - 1]))
        at--;
    if (at == r->max)
        return;
    if (r->n == r->max)
        r->n--;
    memmove(&r->best[at + 1], &r->best[at], (r->n - at) * sizeof r->best[0]);
    r->best[at] = c;
    r->n++;
}

static void rank_all(struct ranking *r, struct query *q, const struct near_name *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned s = score(q, &names[i]);
        if (s != UINT32_MAX)
            rank(r, (struct candidate){names[i].model, s});
    }
}

size_t near_names_find(const struct image *img, struct uuid organisation_id, struct str name,
                       struct str *out, size_t max)
{
    const struct tenant *t = image_tenant(img, organisation_id);
    struct query q;
    struct ranking r = {.max = max < KEEP_MAX - 1 ? max : KEEP_MAX - 1};
    query_init(&q, name);
    if (q.tail.len == 0 || r.max == 0)
        return 0;
    if (t) /* its own first: a large catalogue may use up the budget */
        rank_all(&r, &q, t->near_names, t->n_near_names);
    rank_all(&r, &q, img->near_names, img->n_near_names);
    for (size_t i = 0; i < r.n; i++)
        out[i] = r.best[i].model->slug;
    return r.n;
}

static struct near_name near_name(struct str text, const struct snap_model *m)
{
    return (struct near_name){.text = text, .letters = letters_of(text), .model = m};
}

static void add_near_name(struct image *img, size_t cap, struct str text,
                          const struct snap_model *m)
{
    ASSERT(img->n_near_names < cap);
    img->near_names[img->n_near_names++] = near_name(text, m);
}

/* The part behind the last slash: what a query is compared by. */
static struct str tail_of(struct str s)
{
    struct str rest = s;
    while (rest.p) {
        s = rest;
        (void)str_cut(&rest, '/');
    }
    return s;
}

void build_near_names(struct builder *b)
{
    struct image *img = b->img;
    size_t cap = img->n_models + b->rows->n_aliases + img->n_offers;
    img->near_names = arena_calloc(img->arena, cap, sizeof *img->near_names);
    for (size_t i = 0; i < img->n_models; i++) {
        const struct snap_model *m = img->model_list[i];
        if (m->n_offers == 0)
            continue;
        add_near_name(img, cap, m->slug, m);
        struct str last = m->slug;
        for (size_t k = 0; k < m->n_offers; k++) {
            struct str text = tail_of(m->offers[k]->provider_model);
            if (!str_ieq(text, m->slug) && !str_ieq(text, last))
                add_near_name(img, cap, text, m);
            last = text;
        }
    }
    for (size_t i = 0; i < b->rows->n_aliases; i++) {
        const struct alias_row *row = &b->rows->aliases[i];
        const struct model_entry *m = map_get(&b->models_by_id, row_key(&row->model_id));
        if (m && m->m.n_offers)
            add_near_name(img, cap, row->alias, &m->m);
    }
}

/* A model of an organisation's own goes by its id there and by the server's name of it. */
void build_own_near_names(struct builder *b, struct tenant *t)
{
    t->near_names = arena_calloc(b->img->arena, 2 * t->list.n + 1, sizeof *t->near_names);
    for (size_t i = 0; i < t->list.n; i++) {
        const struct snap_model *m = t->list.p[i];
        if (m->n_offers == 0)
            continue;
        struct str id = tail_of(m->slug), text = tail_of(m->offers[0]->provider_model);
        t->near_names[t->n_near_names++] = near_name(id, m);
        if (!str_ieq(text, id))
            t->near_names[t->n_near_names++] = near_name(text, m);
    }
}
