/* An answer that is neither JSON nor events (speech): its bytes go on as they come, with the
 * client's pace holding the provider's. The first byte ends free failover; a cut breaks the
 * client's connection, since nothing in the bytes could tell it. */
#include "gateway/steps/settle.h"
#include "gateway/steps/stream_priv.h"

enum { TYPE_MAX_BYTES = 100 };

static bool is_binary(struct str type)
{
    for (size_t i = 0; i < type.len; i++)
        if (type.p[i] < ' ' || type.p[i] > '~')
            return false;
    return type.len < TYPE_MAX_BYTES &&
           (str_starts(type, STR("audio/")) || str_starts(type, STR("application/octet-stream")));
}

static void begin(struct req *r)
{
    usage_clear(&r->out.answer.usage); /* what is paid for is what was asked */
    r->out.content_type = arena_strdup(r->arena, r->up.content_type);
    stream_begin(r);
}

enum step_rc binary_answer(struct req *r)
{
    if (!is_binary(r->up.content_type))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer is no audio"));
    stream_resume(r);
    if (r->up.body.len) {
        if (!r->out.begun)
            begin(r);
        buf_add_str(&r->out.buf, buf_str(&r->up.body));
        buf_reset(&r->up.body);
    }
    if (r->out.buf.failed || r->up.too_large)
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer is too large"));
    if (!r->up.done) {
        (void)stream_full(r);
        return STEP_WAIT;
    }
    if (r->up.result.err)
        return upstream_failed(r, r->up.result.err, str_of(r->up.result.detail));
    if (!r->out.begun)
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer is empty"));
    stream_end_transfer(r);
    settle(r);
    return STEP_NEXT;
}
