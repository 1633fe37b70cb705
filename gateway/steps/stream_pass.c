/* The passed way of the stream step: client and provider speak the same dialect, so bytes go on as
 * they came, with cost and metadata spliced in where the client gets them. */
#include "gateway/request_error.h"
#include "gateway/steps/settle.h"
#include "gateway/steps/stream_priv.h"

enum { USAGE_EVENTS_MAX = 64, SPLICE_ROOM = 512 };

/* ------------------------------------------------------------------ whole answers */

static void give_answer(struct req *r)
{
    struct dialect_extra extra;
    bool splice = r->want.metadata_wanted;
    if (splice) {
        stream_extra(r, &extra);
        buf_reserve(&r->out.tail, r->up.body.len + extra.metadata.len + SPLICE_ROOM);
        splice = r->in.dialect->splice_answer(buf_str(&r->up.body), &r->out.answer, &extra,
                                              &r->out.tail);
    }
    if (splice)
        return;
    struct buf swap = r->out.tail;
    r->out.tail = r->up.body;
    r->up.body = swap;
}

/* An answer that was asked for as text: nothing is read out of it. */
static enum step_rc text_answer(struct req *r)
{
    struct dialect_answer *an = &r->out.answer;
    *an = (struct dialect_answer){.has_choices = true, .content_bytes = r->up.body.len};
    usage_clear(&an->usage);
    enum step_rc rc = stream_accept(r);
    if (rc != STEP_NEXT)
        return rc;
    r->out.content_type = "text/plain; charset=utf-8";
    struct buf swap = r->out.tail;
    r->out.tail = r->up.body;
    r->up.body = swap;
    return STEP_NEXT;
}

enum step_rc pass_answer(struct req *r)
{
    if (r->want.scan.text_answer && str_starts(r->up.content_type, STR("text/")))
        return text_answer(r);
    if (!r->tx.dialect->scan_answer(buf_str(&r->up.body), r->arena, &r->out.answer))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer is no JSON object"));
    enum step_rc rc = stream_accept(r);
    if (rc == STEP_NEXT)
        give_answer(r);
    return rc;
}

/* ------------------------------------------------------------------ streams */

/* For a usage chunk of our own, should the provider send none. */
static void remember_event(struct req *r, struct str data)
{
    if (!r->want.scan.client_wants_usage || !r->in.dialect->write_usage_event)
        return;
    buf_reset(&r->out.last_event);
    buf_add_str(&r->out.last_event, data);
}

/* The provider says that it failed, inside its stream. */
static enum step_rc error_frame(struct req *r, const struct dialect_answer *an,
                                const struct frame *f)
{
    struct str text = arena_str(r->arena, an->error_text);
    if (!r->out.begun)
        return upstream_failed(r, stream_judge(an), text);
    if (!req_is_lent(r, r->route.candidate->key)) { /* else it may name the operator's account */
        r->out.got_error = true;
        r->in.dialect->write_event(an, f, NULL, &r->out.tail);
    }
    return upstream_failed(r, E_UPSTREAM_IN_STREAM, text);
}

/* Usage alone: for the client only if it asked, with cost and metadata, at the end. */
static bool usage_frame(struct req *r, const struct dialect_answer *an, const struct frame *f)
{
    struct dialect_extra extra;
    if (!r->want.scan.client_wants_usage)
        return true;
    if (++r->out.usage_events > USAGE_EVENTS_MAX)
        return false;
    settle(r);
    stream_extra(r, &extra);
    r->out.usage_sent = true;
    return r->in.dialect->write_event(an, f, &extra, &r->out.tail);
}

/* Some providers put usage on content: the client sees it only if it asked; on the last content it
 * counts as the usage chunk. */
static bool content_frame(struct req *r, const struct dialect_answer *an, const struct frame *f)
{
    struct dialect_extra extra = {.metadata = STR(""), .strip_usage = true};
    const struct dialect_extra *use = NULL;
    struct buf *to = stream_sink(r);
    if (an->has_usage && !r->want.scan.client_wants_usage) {
        use = &extra;
    } else if (an->is_last || (an->has_usage && an->finish)) {
        settle(r);
        stream_extra(r, &extra);
        use = &extra;
        to = &r->out.tail;
        r->out.usage_sent |= an->has_usage;
    }
    return r->in.dialect->write_event(an, f, use, to);
}

enum step_rc pass_frame(struct req *r, const struct frame *f)
{
    struct dialect_answer an;
    if (!r->in.dialect->scan_event(f, r->scratch, &an))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("an event makes no sense"));
    if (an.is_error)
        return error_frame(r, &an, f);
    if (an.is_done) {
        r->out.got_done = true;
        return STEP_NEXT;
    }
    if (an.is_empty)
        return STEP_NEXT;
    stream_note(r, &an);
    if (an.only_usage && an.has_usage)
        return usage_frame(r, &an, f)
                   ? STEP_NEXT
                   : upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("too many usage events"));
    if (an.has_content)
        stream_begin(r);
    remember_event(r, f->data);
    if (!content_frame(r, &an, f))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer is too large"));
    r->out.got_done = r->out.got_last = an.is_last;
    return STEP_NEXT;
}

void pass_finish(struct req *r)
{
    const struct dialect *d = r->in.dialect;
    if (r->want.scan.client_wants_usage && !r->out.usage_sent && d->write_usage_event) {
        struct dialect_extra extra;
        stream_extra(r, &extra);
        d->write_usage_event(buf_str(&r->out.last_event), &r->out.answer.usage, &extra,
                             &r->out.tail);
    }
    if (!r->out.got_last && d->write_done)
        d->write_done(&r->out.tail);
}
