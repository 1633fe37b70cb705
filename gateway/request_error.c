/* Error answers: from r->fail to bytes in the caller's dialect. The worker's thread; pure but for
 * the request's own memory. */
#include "gateway/request_error.h"

static void write_attempt(const struct attempt *a, struct buf *out)
{
    const struct snap_offer *offer = a->candidate->offer;
    buf_add_lit(out, "{\"provider\":");
    buf_add_json(out, offer->provider->slug);
    buf_add_lit(out, ",\"model\":");
    buf_add_json(out, offer->model->slug);
    buf_add_lit(out, ",\"status\":");
    if (a->status)
        buf_add_i64(out, a->status);
    else
        buf_add_lit(out, "null");
    buf_add_lit(out, ",\"error\":");
    if (a->err)
        buf_add_json(out, str_of(err_code(a->err)));
    else
        buf_add_lit(out, "null");
    buf_add_char(out, '}');
}

void request_write_attempts(const struct req *r, struct buf *out)
{
    buf_add_char(out, '[');
    for (unsigned i = 0; i < r->route.n_attempts; i++) {
        if (i)
            buf_add_char(out, ',');
        write_attempt(&r->route.attempt[i], out);
    }
    buf_add_char(out, ']');
}

static void free_buf(void *b)
{
    buf_fini(b);
}

struct dialect_error request_error_words(struct req *r)
{
    struct dialect_error e = {
        .err = r->fail.err,
        .status = err_status(r->fail.err),
        .param = r->fail.param,
    };
    e.message = r->fail.message[0] ? str_of(r->fail.message) : str_of(err_text(r->fail.err));
    if (r->route.n_attempts) {
        struct buf *list = ARENA_NEW(r->arena, struct buf);
        buf_init(list, 64 * 1024);
        arena_defer(r->arena, free_buf, list);
        buf_add_lit(list, "\"attempts\":");
        request_write_attempts(r, list);
        e.details = buf_str(list);
    }
    return e;
}

void request_error_answer(struct req *r)
{
    buf_reset(&r->out.tail);
    r->out.content_type = "application/json";
    if (r->fail.passed_through) {
        r->out.status = r->up.status;
        buf_add_str(&r->out.tail, buf_str(&r->up.body));
        return;
    }
    r->out.status = err_status(r->fail.err);
    struct dialect_error e = request_error_words(r);
    r->in.dialect->write_error(&e, r->in.id, &r->out.tail);
}
