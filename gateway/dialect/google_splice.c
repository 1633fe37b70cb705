/* The passed way: the provider's bytes with cost and metadata spliced in before closing braces.
 * Pure; every write goes to the caller's capped buffer.
 */
#include "gateway/dialect/google_priv.h"

void google_write_cost(struct json_write *w, const struct cost *cost)
{
    jw_key(w, "cost");
    jw_raw(w, STR(""));
    money_format(cost->total_pico, w->out);
    jw_key(w, "cost_details");
    jw_object(w);
    for (unsigned i = 0; i < cost->n; i++) {
        jw_key(w, price_kind_name((enum price_kind)cost->line[i].kind));
        jw_raw(w, STR(""));
        money_format(cost->line[i].amount_pico, w->out);
    }
    jw_end(w);
}

/* The members alone, with the comma before them where one is due. */
static void add_cost(const struct cost *cost, bool comma, struct buf *out)
{
    struct json_write w;
    struct buf b;
    buf_init(&b, out->max);
    json_write_init(&w, &b);
    jw_object(&w);
    google_write_cost(&w, cost);
    jw_end(&w);
    if (comma)
        buf_add_char(out, ',');
    if (b.failed)
        out->failed = true;
    else
        buf_add(out, b.p + 1, b.len - 2);
    buf_fini(&b);
}

/* Bytes of an event: each line of them is a data line. */
static void add_bytes(struct str s, bool is_event, struct buf *out)
{
    while (is_event && s.len > 0) {
        ptrdiff_t lf = str_find(s, '\n');
        if (lf < 0)
            break;
        buf_add(out, s.p, (size_t)lf);
        buf_add_lit(out, "\ndata: ");
        s = str_make(s.p + lf + 1, s.len - (size_t)lf - 1);
    }
    buf_add_str(out, s);
}

static void add_spliced(struct str body, const struct dialect_answer *an,
                        const struct dialect_extra *extra, bool is_event, struct buf *out)
{
    size_t at = 0;
    if (extra && extra->cost && an->usage_end) {
        add_bytes(str_make(body.p, an->usage_end), is_event, out);
        add_cost(extra->cost, !an->usage_empty, out);
        at = an->usage_end;
    }
    if (extra && extra->metadata.len && an->object_end) {
        add_bytes(str_make(body.p + at, an->object_end - at), is_event, out);
        buf_add_str(out, an->members ? STR(",\"metadata\":") : STR("\"metadata\":"));
        buf_add_str(out, extra->metadata);
        at = an->object_end;
    }
    add_bytes(str_make(body.p + at, body.len - at), is_event, out);
}

bool google_splice_answer(struct str body, const struct dialect_answer *an,
                          const struct dialect_extra *extra, struct buf *out)
{
    add_spliced(body, an, extra, false, out);
    return !out->failed;
}

bool google_write_event(const struct dialect_answer *an, const struct frame *f,
                        const struct dialect_extra *extra, struct buf *out)
{
    if (f->type.len > 0) {
        buf_add_lit(out, "event: ");
        buf_add_str(out, f->type);
        buf_add_char(out, '\n');
    }
    buf_add_lit(out, "data: ");
    add_spliced(f->data, an, extra, true, out);
    return buf_add_lit(out, "\n\n");
}
