/* Label ids by digest of their string, so that a batch asks PostgreSQL only for new strings. Runs
 * on the ledger's writer thread. The digest is BLAKE2b: callers choose the strings.
 */
#include "gateway/ledger/labels.h"

#include <sodium.h>
#include <stdlib.h>

#include "common/mem.h"
#include "gateway/ledger/rollup.h"
#include "gateway/store/label_store.h"

enum { KNOWN_MOST = 200000, ADMITTED_MOST = 500000, DAYS_MOST = 20000, DIGEST_BYTES = 32 };

struct known_label {
    uint8_t digest[DIGEST_BYTES];
    int64_t label_id; /* 0: not known (yet) */
    int64_t asked;    /* 1: among the wants */
};

struct day_key {
    struct uuid organisation_id;
    int64_t day_us;
    int64_t kind; /* enum capped */
};

struct capped_day {
    struct day_key key;
    size_t n;
};

struct capped_label {
    struct day_key day;
    int64_t label_id;
};

void labels_init(struct labels *l)
{
    tally_init(&l->known, DIGEST_BYTES, sizeof(struct known_label));
    tally_init(&l->days, sizeof(struct day_key), sizeof(struct capped_day));
    tally_init(&l->admitted, sizeof(struct capped_label), sizeof(struct capped_label));
}

void labels_fini(struct labels *l)
{
    tally_fini(&l->known);
    tally_fini(&l->days);
    tally_fini(&l->admitted);
}

void labels_reset(struct labels *l)
{
    labels_fini(l);
    labels_init(l);
}

/* ---------------------------------------------------------------- strings to ids */

struct asking {
    struct labels *labels;
    struct label_want *want;
    size_t *entry; /* of labels->known, one for each want */
    size_t n, cap;
};

static struct known_label *known_at(const struct labels *l, int64_t index)
{
    return (struct known_label *)(void *)l->known.entries + index;
}

static void want(struct asking *a, size_t entry, struct label_want w)
{
    if (a->n == a->cap) {
        a->cap = a->cap > 0 ? a->cap * 2 : 256;
        a->want = xrealloc(a->want, a->cap * sizeof *a->want);
        a->entry = xrealloc(a->entry, a->cap * sizeof *a->entry);
    }
    a->want[a->n] = w;
    a->entry[a->n++] = entry;
}

/* Looks a string up: the index of its entry + 1, which may have to be asked for; 0 for "". */
static int64_t look_up(struct asking *a, struct uuid organisation_id, enum label_kind kind,
                       struct str value)
{
    struct known_label key;
    crypto_generichash_state state;
    uint8_t word = (uint8_t)kind;
    if (value.len == 0)
        return 0;
    crypto_generichash_init(&state, NULL, 0, DIGEST_BYTES);
    crypto_generichash_update(&state, organisation_id.b, sizeof organisation_id.b);
    crypto_generichash_update(&state, &word, 1);
    crypto_generichash_update(&state, (const unsigned char *)value.p, value.len);
    crypto_generichash_final(&state, key.digest, DIGEST_BYTES);
    struct known_label *e = tally_at(&a->labels->known, key.digest);
    size_t index = (size_t)(e - known_at(a->labels, 0));
    if (e->label_id == 0 && !e->asked) {
        e->asked = 1;
        want(a, index, (struct label_want){organisation_id, kind, value, 0});
    }
    return (int64_t)index + 1;
}

/* The id behind what look_up returned. */
static int64_t id_of(const struct labels *l, int64_t index)
{
    return index == 0 ? 0 : known_at(l, index - 1)->label_id;
}

static enum pg_err ask(struct asking *a, struct pg *pg)
{
    enum pg_err err = label_store_resolve(pg, a->want, a->n);
    for (size_t i = 0; err == PG_OK && i < a->n; i++) {
        struct known_label *e = known_at(a->labels, (int64_t)a->entry[i]);
        e->label_id = a->want[i].label_id;
        e->asked = 0;
    }
    xfree(a->want);
    xfree(a->entry);
    return err;
}

enum pg_err labels_resolve(struct labels *l, struct pg *pg, struct batch_row *rows, size_t n)
{
    struct asking a = {.labels = l};
    if (l->known.n > KNOWN_MOST)
        tally_reset(&l->known);
    for (struct batch_row *r = rows; r < rows + n; r++) {
        struct request_row *row = &r->row;
        if (r->bad)
            continue;
        row->requested_model_id = look_up(&a, row->organisation_id, LABEL_REQUESTED_MODEL,
                                          r->requested_model);
        row->source_id = look_up(&a, row->organisation_id, LABEL_SOURCE, r->source);
        row->end_user_id = look_up(&a, row->organisation_id, LABEL_END_USER, r->end_user);
        for (size_t i = 0; i < row->n_tags; i++)
            r->tag_label[i] = look_up(&a, row->organisation_id, LABEL_TAG, row->tag[i]);
    }
    enum pg_err err = a.n > 0 ? ask(&a, pg) : PG_OK;
    for (struct batch_row *r = rows; err == PG_OK && r < rows + n; r++) {
        struct request_row *row = &r->row;
        if (r->bad)
            continue;
        row->requested_model_id = id_of(l, row->requested_model_id);
        row->source_id = id_of(l, row->source_id);
        row->end_user_id = id_of(l, row->end_user_id);
        for (size_t i = 0; i < row->n_tags; i++)
            r->tag_label[i] = id_of(l, r->tag_label[i]);
    }
    return err;
}

/* ---------------------------------------------------------------- labels with rows of their own */

static struct capped_label label_of(const struct request_row *row, int64_t kind)
{
    return (struct capped_label){{row->organisation_id, rollup_day_us(row->created_us), kind},
                                 kind == CAPPED_SOURCES ? row->source_id : row->end_user_id};
}

/* Whether it has such a label that has no row yet. */
static bool is_new(const struct labels *l, const struct capped_label *label)
{
    return label->label_id != 0 && !tally_has(&l->admitted, label);
}

static int compare_days(const void *a, const void *b)
{
    const struct day_key *x = a;
    const struct day_key *y = b;
    int c = memcmp(&x->organisation_id, &y->organisation_id, sizeof x->organisation_id);
    if (c == 0)
        c = (x->day_us > y->day_us) - (x->day_us < y->day_us);
    return c != 0 ? c : (x->kind > y->kind) - (x->kind < y->kind);
}

/* The days and kinds, sorted, that have a label which is not admitted while there may be room.
 * Returns owned. */
static struct day_key *days_to_lock(struct labels *l, const struct batch_row *rows, size_t n,
                                    size_t *n_days)
{
    struct tally days;
    tally_init(&days, sizeof(struct day_key), sizeof(struct day_key));
    for (size_t i = 0; i < n * CAPPED; i++) {
        const struct batch_row *r = &rows[i / CAPPED];
        if (r->bad)
            continue;
        struct capped_label label = label_of(&r->row, (int64_t)(i % CAPPED));
        if (!is_new(l, &label))
            continue;
        struct capped_day *known = tally_at(&l->days, &label.day);
        if (known->n < LABELS_A_DAY)
            tally_at(&days, &label.day);
    }
    struct day_key *list = (struct day_key *)(void *)days.entries;
    *n_days = days.n;
    xfree(days.slots);
    if (*n_days > 1)
        qsort(list, *n_days, sizeof *list, compare_days);
    return list;
}

/* Learns what other gateways admitted. */
static enum pg_err lock_day(struct labels *l, struct pg *pg, const struct day_key *day)
{
    struct pg_result *r;
    enum pg_err err = rollup_store_lock_labels(pg, day->organisation_id, day->day_us,
                                               (enum capped)day->kind, &r);
    if (err != PG_OK)
        return err;
    for (size_t i = 0; i < pg_rows(r); i++) {
        struct capped_label key = {*day, pg_i64(r, i, 0)};
        tally_at(&l->admitted, &key);
    }
    struct capped_day *known = tally_at(&l->days, day);
    known->n = pg_rows(r);
    pg_result_free(r);
    return PG_OK;
}

static void admit(struct labels *l, const struct capped_label *label)
{
    struct capped_day *known = tally_at(&l->days, &label->day);
    if (known->n >= LABELS_A_DAY)
        return;
    known->n++;
    tally_at(&l->admitted, label);
}

enum pg_err labels_admit(struct labels *l, struct pg *pg, const struct batch_row *rows, size_t n)
{
    size_t n_days;
    if (l->admitted.n > ADMITTED_MOST || l->days.n > DAYS_MOST) {
        tally_reset(&l->admitted);
        tally_reset(&l->days);
    }
    struct day_key *days = days_to_lock(l, rows, n, &n_days);
    enum pg_err err = PG_OK;
    for (size_t i = 0; err == PG_OK && i < n_days; i++)
        err = lock_day(l, pg, &days[i]);
    xfree(days);
    for (size_t i = 0; err == PG_OK && i < n * CAPPED; i++) {
        const struct batch_row *r = &rows[i / CAPPED];
        if (r->bad)
            continue;
        struct capped_label label = label_of(&r->row, (int64_t)(i % CAPPED));
        if (is_new(l, &label))
            admit(l, &label);
    }
    return err;
}

void labels_capped(const struct labels *l, const struct request_row *row, int64_t out[CAPPED])
{
    for (int64_t kind = 0; kind < CAPPED; kind++) {
        struct capped_label label = label_of(row, kind);
        out[kind] = label.label_id == 0 ? -1 : is_new(l, &label) ? 0 : label.label_id;
    }
}
