/* An import between two looks at the catalogue. Any thread with a connection. */
#include "control/catalogue/changes.h"

#include <stdio.h>

#include "control/catalogue/import.h"
#include "control/store/import_changes_store.h"

bool changes_read(struct document *d, struct str text, char err[512])
{
    char why[256] = "";
    bool ok = models_dev_looks_like(text) ? models_dev_read(d, text, why)
                                          : doteb_format_read(d, text, why);
    if (!ok)
        (void)snprintf(err, 512, "it is no catalogue: %s", why);
    else if (json_array_size(d->offers) + json_array_size(d->providers) == 0) {
        struct str refused = buf_str(&d->refused);
        (void)snprintf(err, 512, "no row of it can be used:%.400s",
                       refused.len ? refused.p : " it has none");
        ok = false;
    }
    return ok;
}

/* The document's "  where: why\n" lines, as members of the object that `out` holds so far. */
static void add_refusals(const struct document *d, struct buf *out)
{
    struct str rest = buf_str(&d->refused);
    (void)buf_printf(out, ",\"refused\":%lld,\"refusals\":[", (long long)d->n_refused);
    for (size_t i = 0; i < CHANGES_REFUSALS_MAX && rest.p && rest.len; i++) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        if (i)
            (void)buf_add_char(out, ',');
        (void)buf_add_json(out, line);
    }
    (void)buf_add_lit(out, "]}");
}

enum pg_err changes_apply(struct pg *pg, struct document *d, bool prune, struct buf *out)
{
    struct import_counts counts;
    struct pg_result *r = NULL;
    enum pg_err e = import_changes_store_before(pg);
    if (e == PG_OK)
        e = import_apply(pg, d, 0, prune, &counts);
    if (e == PG_OK)
        e = import_changes_store_after(pg, CHANGES_ITEMS_MAX, &r);
    if (e == PG_OK) {
        struct str item = pg_str(r, 0, 0);
        ASSERT(item.len > 2 && item.p[item.len - 1] == '}');
        (void)buf_add(out, item.p, item.len - 1);
        add_refusals(d, out);
    }
    pg_result_free(r);
    return e;
}

enum pg_err changes_look(struct pg *pg, struct document *d, bool prune, struct buf *out)
{
    enum pg_err e = import_changes_store_mark(pg);
    if (e == PG_OK)
        e = changes_apply(pg, d, prune, out);
    return e == PG_OK ? import_changes_store_undo(pg) : e;
}
