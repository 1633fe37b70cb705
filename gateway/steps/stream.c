/* Step 7: the answer, from the provider's bytes to the client's. Writes r->out. A whole answer is
 * read to its end, then spliced; a stream is passed event by event, held back until its first
 * content, so that failover is still free. What ends the answer goes to r->out.tail, which is
 * released only after account has run. */
#include "common/clock.h"
#include "gateway/failpoint.h"
#include "gateway/request.h"
#include "gateway/request_error.h"
#include "gateway/steps/settle.h"
#include "gateway/steps/stream_metadata.h"

enum {
    HIGH_WATER = 256 * 1024,
    LOW_WATER = 64 * 1024,
    SCRATCH_BYTES = 2048,
    USAGE_EVENTS_MAX = 64,
    SPLICE_ROOM = 512,
};

static void end_transfer(struct req *r, int64_t now)
{
    struct attempt *a = &r->route.attempt[r->route.n_attempts - 1];
    upstream_cancel(r);
    a->end_us = now;
    if (!r->out.begun)
        r->up.wait_us += now - r->up.sent_us;
}

/* ------------------------------------------------------------------ whole answers */

static enum err judge_answer(const struct dialect_answer *an)
{
    enum err err = an->error_status ? upstream_judge_status(an->error_status) : E_OK;
    return err ? err : E_UPSTREAM_STATUS;
}

static void give_answer(struct req *r)
{
    struct dialect_extra extra;
    bool splice = r->want.metadata_wanted;
    r->out.status = r->up.status;
    r->out.content_type = "application/json";
    if (splice) {
        stream_metadata(r, &extra);
        buf_reserve(&r->out.tail, r->up.body.len + extra.metadata.len + SPLICE_ROOM);
        splice = r->want.dialect->splice_answer(buf_str(&r->up.body), &r->out.answer, &extra,
                                                &r->out.tail);
    }
    if (splice)
        return;
    struct buf swap = r->out.tail;
    r->out.tail = r->up.body;
    r->up.body = swap;
}

static enum step_rc whole_answer(struct req *r)
{
    if (!r->up.done && !r->up.too_large)
        return STEP_WAIT;
    if (r->up.too_large)
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer is too large"));
    if (r->up.result.err)
        return upstream_failed(r, r->up.result.err, str_of(r->up.result.detail));
    struct dialect_answer *an = &r->out.answer;
    if (!r->want.dialect->scan_answer(buf_str(&r->up.body), r->arena, an))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer is no JSON object"));
    if (an->is_error) {
        struct str text = an->error_text;
        enum err err = judge_answer(an);
        usage_clear(&an->usage);
        return upstream_failed(r, err, text);
    }
    if (!an->has_choices)
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer has no choices"));
    if (r->want.scan.stream)
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("a stream was asked for"));
    int64_t now = clock_mono_us();
    end_transfer(r, now);
    r->out.got_content = true;
    r->out.content_bytes = (int64_t)an->content_bytes;
    r->out.first_content_us = now;
    settle(r);
    give_answer(r);
    return STEP_NEXT;
}

/* ------------------------------------------------------------------ streams */

/* Where the next event goes: behind what is held back already. */
static struct buf *sink(struct req *r)
{
    if (r->out.tail.len)
        return &r->out.tail;
    return r->out.begun ? &r->out.buf : &r->out.held;
}

static void begin_answer(struct req *r, int64_t now)
{
    r->out.first_content_us = now;
    r->up.wait_us += now - r->up.sent_us;
    r->out.overhead_us = req_overhead_us(r, now);
    r->out.status = 200;
    r->out.content_type = "text/event-stream";
    r->out.streaming = r->out.begun = true;
    buf_add_str(&r->out.buf, buf_str(&r->out.held));
    buf_fini(&r->out.held);
    r->engine->host->answer(r);
}

static void note_answer(struct req *r, const struct dialect_answer *an)
{
    struct dialect_answer *all = &r->out.answer;
    if (an->has_usage)
        usage_merge(&all->usage, &an->usage);
    if (an->finish)
        all->finish = an->finish;
    if (!all->model.len && an->model.len)
        all->model = arena_str(r->arena, an->model);
    if (!all->id.len && an->id.len)
        all->id = arena_str(r->arena, an->id);
    if (!all->service_tier.len && an->service_tier.len)
        all->service_tier = arena_str(r->arena, an->service_tier);
    r->out.content_bytes += (int64_t)an->content_bytes;
}

static void remember_event(struct req *r, struct str data)
{
    if (!r->want.scan.client_wants_usage)
        return;
    buf_reset(&r->out.last_event);
    buf_add_str(&r->out.last_event, data);
}

/* The provider says that it failed, inside its stream. */
static enum step_rc error_event(struct req *r, const struct dialect_answer *an,
                                const struct frame *f)
{
    struct str text = arena_str(r->arena, an->error_text);
    if (!r->out.begun) {
        enum err err = judge_answer(an);
        return upstream_failed(r, err, text);
    }
    r->out.got_error = true;
    r->want.dialect->write_event(an, f, NULL, &r->out.tail);
    return upstream_failed(r, E_UPSTREAM_IN_STREAM, text);
}

/* Usage alone: for the client only if it asked, with cost and metadata, at the end. */
static bool usage_event(struct req *r, const struct dialect_answer *an, const struct frame *f)
{
    if (!r->want.scan.client_wants_usage)
        return true;
    if (++r->out.usage_events > USAGE_EVENTS_MAX)
        return false;
    struct dialect_extra extra = {.metadata = STR("")};
    settle(r);
    if (r->want.metadata_wanted)
        stream_metadata(r, &extra);
    r->out.usage_sent = true;
    return r->want.dialect->write_event(an, f, &extra, &r->out.tail);
}

/* Some providers put usage on content: the client sees it only if it asked; on the last content it
 * counts as the usage chunk. */
static bool content_event(struct req *r, const struct dialect_answer *an, const struct frame *f)
{
    struct dialect_extra extra = {.metadata = STR(""), .strip_usage = true};
    const struct dialect_extra *use = NULL;
    struct buf *to = sink(r);
    if (an->has_usage && !r->want.scan.client_wants_usage) {
        use = &extra;
    } else if (an->has_usage && an->finish) {
        settle(r);
        extra.strip_usage = false;
        if (r->want.metadata_wanted)
            stream_metadata(r, &extra);
        use = &extra;
        to = &r->out.tail;
        r->out.usage_sent = true;
    }
    return r->want.dialect->write_event(an, f, use, to);
}

/* One event. NEXT: go on reading; anything else ends the step. */
static enum step_rc take_event(struct req *r, const struct frame *f)
{
    struct dialect_answer an;
    if (!r->want.dialect->scan_event(f, r->scratch, &an))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("an event is no JSON object"));
    if (an.is_error)
        return error_event(r, &an, f);
    if (an.is_done) {
        r->out.got_done = true;
        return STEP_NEXT;
    }
    if (an.is_empty)
        return STEP_NEXT;
    note_answer(r, &an);
    if (an.only_usage && an.has_usage)
        return usage_event(r, &an, f)
                   ? STEP_NEXT
                   : upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("too many usage events"));
    if (an.has_content && !r->out.got_content) {
        r->out.got_content = true;
        begin_answer(r, clock_mono_us());
        if (r->up.xfer)
            upstream_watch(r);
        (void)failpoint_hit("stream.begun");
    }
    remember_event(r, f->data);
    if (!content_event(r, &an, f))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer is too large"));
    return STEP_NEXT;
}

/* The stream ended well: what is still owed to the client, then the terminator. */
static enum step_rc finish_stream(struct req *r)
{
    int64_t now = clock_mono_us();
    end_transfer(r, now);
    settle(r);
    if (!r->out.begun) {
        r->out.status = 200;
        r->out.content_type = "text/event-stream";
        buf_add_str(&r->out.buf, buf_str(&r->out.held));
    }
    if (r->want.scan.client_wants_usage && !r->out.usage_sent) {
        struct dialect_extra extra = {.metadata = STR("")};
        if (r->want.metadata_wanted)
            stream_metadata(r, &extra);
        r->want.dialect->write_usage_event(buf_str(&r->out.last_event), &r->out.answer.usage,
                                           &extra, &r->out.tail);
    }
    r->want.dialect->write_done(&r->out.tail);
    return STEP_NEXT;
}

/* The bytes are over. Without a terminator or a finish reason the stream was cut. */
static enum step_rc end_of_bytes(struct req *r)
{
    if (r->up.too_large || framing_failed(&r->up.framing))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("an event is too large"));
    if (r->up.result.err)
        return upstream_failed(r, r->up.result.err, str_of(r->up.result.detail));
    if (r->out.answer.finish == FINISH_NONE || framing_partial(&r->up.framing))
        return upstream_failed(r, E_UPSTREAM_CUT, STR("the stream ended early"));
    return finish_stream(r);
}

static void write_error_event(struct req *r)
{
    struct dialect_error e = request_error_words(r);
    r->want.dialect->write_error_event(NULL, &e, r->in.id, &r->out.tail);
}

static bool over_high_water(struct req *r)
{
    if (r->out.buf.len - r->out.sent < HIGH_WATER)
        return false;
    if (r->up.xfer && !r->out.paused)
        xfer_pause(r->up.xfer);
    r->out.paused = true;
    return true;
}

static void maybe_resume(struct req *r)
{
    if (!r->out.paused || r->out.buf.len - r->out.sent > LOW_WATER)
        return;
    r->out.paused = false;
    r->up.last_us = clock_mono_us();
    if (r->up.xfer)
        xfer_resume(r->up.xfer);
}

/* Some providers leave out the blank line behind their last event. True: there may be one more. */
static bool end_last_event(struct req *r)
{
    if (!r->up.done || r->up.result.err || r->out.ended)
        return false;
    r->out.ended = true;
    return framing_end(&r->up.framing);
}

static enum step_rc read_events(struct req *r)
{
    struct frame f;
    if (!r->scratch)
        r->scratch = arena_new(SCRATCH_BYTES);
    maybe_resume(r);
    while (!r->out.got_done) {
        if (over_high_water(r))
            return STEP_WAIT;
        if (!framing_next(&r->up.framing, &f)) {
            bool failed = r->up.too_large || framing_failed(&r->up.framing);
            if (!failed && end_last_event(r))
                continue;
            return r->up.done || failed ? end_of_bytes(r) : STEP_WAIT;
        }
        arena_reset(r->scratch);
        enum step_rc rc = take_event(r, &f);
        if (rc != STEP_NEXT)
            return rc;
    }
    return finish_stream(r);
}

/* What a failed attempt told is no part of the next one's answer. */
static void forget_attempt(struct req *r)
{
    r->out.answer = (struct dialect_answer){0};
    usage_clear(&r->out.answer.usage);
    r->out.content_bytes = 0;
    r->out.ended = false;
    buf_reset(&r->out.held);
}

enum step_rc step_stream(struct req *r)
{
    size_t before = r->out.buf.len;
    enum step_rc rc;
    if (!r->up.event_stream)
        rc = whole_answer(r);
    else if (!r->want.scan.stream)
        rc = upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("an event stream came unasked"));
    else
        rc = read_events(r);
    if (rc == STEP_JUMP)
        forget_attempt(r);
    if (rc == STEP_FAIL && r->out.begun && !r->out.got_error)
        write_error_event(r);
    if (rc == STEP_WAIT && r->out.begun && r->out.buf.len > before)
        r->engine->host->output(r);
    return rc;
}
