/* Last step: usage, cost, ledger, log line and metrics. Runs exactly once for every request whose
 * key was known, whatever became of it, and before the last byte of the answer is released. */
#include "common/clock.h"
#include "common/log.h"
#include "common/metrics.h"
#include "gateway/failpoint.h"
#include "gateway/request.h"
#include "gateway/steps/ledger_entry.h"
#include "gateway/steps/settle.h"

static int64_t known(int64_t tokens)
{
    return tokens > 0 ? tokens : 0;
}

static void count(const struct req *r, int64_t now)
{
    int status = ledger_entry_status(r);
    metrics_add(status >= 500 ? M_REQ_5XX : status >= 400 ? M_REQ_4XX : M_REQ_2XX, 1);
    if (r->fail.err == E_CLIENT_GONE)
        metrics_add(M_REQ_CLIENT_GONE, 1);
    metrics_observe_us(M_REQ_DURATION, now - r->in.start_us);
    metrics_observe_us(M_REQ_OVERHEAD, r->out.overhead_us);
    if (r->up.head_done)
        metrics_observe_us(M_REQ_TTFB, r->up.head_us - r->up.sent_us);
    metrics_add(M_TOKENS_IN, known(r->out.answer.usage.input));
    metrics_add(M_TOKENS_OUT, known(r->out.answer.usage.output));
}

static void write_access_line(const struct req *r, int64_t now)
{
    const struct candidate *c = r->route.candidate;
    log_event(LOG_INFO, "request", LOG_ID("request_id", r->in.id),
              LOG_ID("organisation_id", r->who.key.organisation_id),
              LOG_ID("api_key_id", r->who.key.id), LOG_I("status", ledger_entry_status(r)),
              LOG_S("error", r->fail.err ? err_name(r->fail.err) : ""),
              LOG_STR("model", r->target.model ? r->target.model->slug : STR("")),
              LOG_STR("provider", c ? c->offer->provider->slug : STR("")),
              LOG_B("stream", r->want.scan.stream), LOG_I("attempts", r->route.n_attempts),
              LOG_I("input_tokens", known(r->out.answer.usage.input)),
              LOG_I("output_tokens", known(r->out.answer.usage.output)),
              LOG_I("cost_picodollars", r->out.cost.total_pico),
              LOG_I("duration_us", now - r->in.start_us), LOG_I("overhead_us", r->out.overhead_us));
}

static void end_attempt(struct req *r, int64_t now)
{
    if (r->route.n_attempts == 0)
        return;
    struct attempt *a = &r->route.attempt[r->route.n_attempts - 1];
    if (!a->end_us)
        a->end_us = now;
    if (r->in.client_gone && !a->err)
        a->err = r->fail.err; /* that, or we cut it off ourselves */
}

enum step_rc step_account(struct req *r)
{
    ASSERT(!r->run.accounted && !r->up.xfer);
    r->run.accounted = true;
    int64_t now = clock_mono_us();
    if (!r->out.begun)
        r->out.overhead_us = req_overhead_us(r, now);
    end_attempt(r, now);
    settle(r);
    if (!r->up.opened && ledger_entry_open(r) == E_OK)
        r->up.opened = true;
    (void)failpoint_hit("account.before_close");
    if (r->up.opened)
        ledger_entry_close(r, now);
    else
        log_event(LOG_ERROR, "ledger_row_lost", LOG_ID("request_id", r->in.id),
                  LOG_S("error", err_name(r->fail.err)));
    (void)failpoint_hit("account.after_close");
    count(r, now);
    if (r->engine->conf->access_log)
        write_access_line(r, now);
    return STEP_NEXT;
}
