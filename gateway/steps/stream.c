/* Step 7: the answer, from the provider's bytes to the client's. Writes r->out. A whole answer is
 * read to its end; a stream is taken frame by frame, held back until its first content, so that
 * failover is still free. What a frame becomes is decided in stream_pass.c (one dialect on both
 * sides) or stream_convert.c. What ends the answer goes to r->out.tail, which is released only
 * after account has run. */
#include "common/clock.h"
#include "gateway/failpoint.h"
#include "gateway/request_error.h"
#include "gateway/steps/chain.h"
#include "gateway/steps/settle.h"
#include "gateway/steps/stream_metadata.h"
#include "gateway/steps/stream_priv.h"

enum {
    HIGH_WATER = 64 * 1024,
    LOW_WATER = 16 * 1024,
    SCRATCH_BYTES = 2048,
};

static void end_transfer(struct req *r, int64_t now)
{
    struct attempt *a = &r->route.attempt[r->route.n_attempts - 1];
    upstream_cancel(r);
    a->end_us = now;
    if (!r->out.begun)
        r->up.wait_us += now - r->up.sent_us;
}

void stream_end_transfer(struct req *r)
{
    end_transfer(r, clock_mono_us());
}

/* ------------------------------------------------------------------ for both ways */

enum err stream_judge(const struct dialect_answer *an)
{
    enum err err = an->error_status ? upstream_judge_status(an->error_status) : E_OK;
    if ((!err || err == E_UPSTREAM_REJECTED) && dialect_blames_account(an))
        return E_UPSTREAM_AUTH;
    return err ? err : E_UPSTREAM_STATUS;
}

void stream_extra(struct req *r, struct dialect_extra *extra)
{
    *extra = (struct dialect_extra){.metadata = STR("")};
    if (r->want.metadata_wanted)
        stream_metadata(r, extra);
}

struct buf *stream_sink(struct req *r)
{
    if (r->out.tail.len)
        return &r->out.tail;
    return r->out.begun ? &r->out.buf : &r->out.held;
}

/* Are the answer's bytes passed as they come, whatever they say? */
static bool is_binary(const struct req *r)
{
    return r->tx.dialect->binary && !r->want.scan.stream;
}

static const char *stream_type(const struct req *r)
{
    const char *asked = is_binary(r) ? r->out.content_type : r->want.scan.stream_type;
    return asked ? asked : r->in.dialect->stream_type;
}

void stream_begin(struct req *r)
{
    if (r->out.got_content)
        return;
    int64_t now = clock_mono_us();
    r->out.got_content = true;
    r->out.first_content_us = now;
    r->up.wait_us += now - r->up.sent_us;
    r->out.overhead_us = req_overhead_us(r, now);
    r->out.status = 200;
    r->out.content_type = stream_type(r);
    r->out.streaming = r->out.begun = true;
    buf_add_str(&r->out.buf, buf_str(&r->out.held));
    buf_fini(&r->out.held);
    r->engine->host->answer(r);
    if (r->up.xfer)
        upstream_watch(r);
    (void)failpoint_hit("stream.begun");
}

void stream_note(struct req *r, const struct dialect_answer *an)
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
    if (an->service_tier.len && !str_eq(all->service_tier, an->service_tier))
        all->service_tier = arena_str(r->arena, an->service_tier);
    r->out.content_bytes += (int64_t)an->content_bytes;
    all->items += an->items;
}

/* ------------------------------------------------------------------ whole answers */

enum step_rc stream_accept(struct req *r)
{
    struct dialect_answer *an = &r->out.answer;
    if (an->is_error) {
        struct str text = an->error_text;
        enum err err = stream_judge(an);
        usage_clear(&an->usage);
        return upstream_failed(r, err, text);
    }
    if (!an->has_choices)
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer has no choices"));
    size_t asked = r->want.scan.n_inputs;
    if (asked && (an->items != asked || an->items_end > asked || an->items_repeat))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER,
                               STR("its results are not those that were asked for"));
    if (r->want.scan.stream)
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("a stream was asked for"));
    int64_t now = clock_mono_us();
    end_transfer(r, now);
    r->out.got_content = true;
    r->out.content_bytes = (int64_t)an->content_bytes;
    r->out.first_content_us = now;
    r->out.status = r->up.status;
    r->out.content_type = "application/json";
    settle(r);
    return STEP_NEXT;
}

static enum step_rc whole_answer(struct req *r)
{
    if (!r->up.done && !r->up.too_large)
        return STEP_WAIT;
    if (r->up.too_large)
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer is too large"));
    if (r->up.result.err)
        return upstream_failed(r, r->up.result.err, str_of(r->up.result.detail));
    if (!r->tx.translated)
        return pass_answer(r);
    return r->tx.dialect->read_vectors ? convert_vectors(r) : convert_answer(r);
}

/* ------------------------------------------------------------------ streams */

/* The stream ended well: what is still owed to the client, then the terminator. */
static enum step_rc finish_stream(struct req *r)
{
    end_transfer(r, clock_mono_us());
    settle(r);
    if (!r->out.begun) {
        r->out.status = 200;
        r->out.content_type = stream_type(r);
        buf_add_str(&r->out.buf, buf_str(&r->out.held));
        buf_fini(&r->out.held);
    }
    if (r->tx.translated)
        convert_finish(r);
    else
        pass_finish(r);
    if (r->out.tail.failed)
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer is too large"));
    return STEP_NEXT;
}

/* The bytes are over. Without a terminator or a finish reason the stream was cut. */
static enum step_rc end_of_bytes(struct req *r)
{
    if (r->up.too_large || framing_failed(&r->up.framing))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("an event is too large or broken"));
    if (r->up.result.err)
        return upstream_failed(r, r->up.result.err, str_of(r->up.result.detail));
    if (r->out.answer.finish == FINISH_NONE || framing_partial(&r->up.framing))
        return upstream_failed(r, E_UPSTREAM_CUT, STR("the stream ended early"));
    return finish_stream(r);
}

static void write_error_event(struct req *r)
{
    struct dialect_error e = request_error_words(r);
    r->in.dialect->write_error_event(convert_writer(r), &e, r->in.id, &r->out.tail);
}

bool stream_full(struct req *r)
{
    if (r->out.buf.len - r->out.sent < HIGH_WATER)
        return false;
    if (r->up.xfer && !r->out.paused)
        xfer_pause(r->up.xfer);
    r->out.paused = true;
    return true;
}

void stream_resume(struct req *r)
{
    if (!r->out.paused || r->out.buf.len - r->out.sent > LOW_WATER)
        return;
    r->out.paused = false;
    r->up.last_us = clock_mono_us();
    if (r->up.xfer)
        xfer_resume(r->up.xfer);
}

/* Some providers leave out the blank line behind their last event. True: there may be one more. */
static bool end_last_frame(struct req *r)
{
    if (!r->up.done || r->up.result.err || r->out.ended)
        return false;
    r->out.ended = true;
    return framing_end(&r->up.framing);
}

static enum step_rc read_frames(struct req *r)
{
    struct frame f;
    if (!r->scratch)
        r->scratch = arena_new(SCRATCH_BYTES);
    stream_resume(r);
    while (!r->out.got_done) {
        if (stream_full(r))
            return STEP_WAIT;
        if (!framing_next(&r->up.framing, &f)) {
            bool failed = r->up.too_large || framing_failed(&r->up.framing);
            if (!failed && end_last_frame(r))
                continue;
            return r->up.done || failed ? end_of_bytes(r) : STEP_WAIT;
        }
        arena_reset(r->scratch);
        enum step_rc rc = r->tx.translated ? convert_frame(r, &f) : pass_frame(r, &f);
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
    convert_forget(r);
}

enum step_rc step_stream(struct req *r)
{
    size_t before = r->out.buf.len;
    enum step_rc rc;
    if (r->archive.phase == CHAIN_STORING)
        return chain_after(r);
    if (is_binary(r))
        rc = binary_answer(r);
    else if (!r->up.event_stream)
        rc = whole_answer(r);
    else if (!r->want.scan.stream)
        rc = upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("an event stream came unasked"));
    else
        rc = read_frames(r);
    if (rc == STEP_NEXT)
        rc = chain_after(r);
    if (rc == STEP_JUMP)
        forget_attempt(r);
    if (rc == STEP_FAIL && r->out.begun && is_binary(r))
        r->out.abort = true;
    else if (rc == STEP_FAIL && r->out.begun && !r->out.got_error)
        write_error_event(r);
    if (rc == STEP_WAIT && r->out.begun && r->out.buf.len > before)
        r->engine->host->output(r);
    return rc;
}
