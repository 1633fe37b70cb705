/* Fills the ledger's two records from a request. The worker's thread; the spool never blocks it. */
#include "gateway/steps/ledger_entry.h"

#include <string.h>

#include "gateway/ir/estimate.h"

/* What a file costs is guessed by the dialect, and four times that is the most. */
static int64_t text_bytes(const struct req *r)
{
    int64_t guess = r->want.scan.asked.input;
    return r->want.scan.form.p ? guess * 4 : (int64_t)r->in.body.len;
}

static void add_estimate(const struct req *r, struct ledger_open *o)
{
    const struct candidate *c = r->route.candidate;
    if (!c)
        return;
    o->provider_id = c->offer->provider->id;
    o->offer_id = c->offer->id;
    o->provider_key_id = c->key->id;
    o->lent = req_is_lent(r, c->key);
    o->estimated_input = estimate_upper_input(text_bytes(r));
    o->estimated_output = r->in.dialect->no_output
                              ? 0
                              : estimate_upper_output(r->want.scan.max_output, c->offer->max_output,
                                                      r->want.scan.n);
    const struct price_list *list = snap_offer_prices(c->offer, r->in.created_us);
    if (list)
        o->estimated_pico = money_add(
            cost_upper_pico(list, o->estimated_input, o->estimated_output),
            cost_upper_units_pico(list, &r->want.scan.asked));
}

/* The caller's `metadata` and X-LLMGateway-* headers as one object. */
static struct str all_metadata(struct req *r)
{
    struct str body = r->want.scan.metadata, extra = r->in.extra_metadata;
    if (extra.len == 0)
        return body;
    if (body.len <= 2)
        return str_of(arena_printf(r->arena, "{" STR_FMT "}", STR_ARG(extra)));
    body.len--; /* its closing brace */
    return str_of(arena_printf(r->arena, STR_FMT "," STR_FMT "}", STR_ARG(body), STR_ARG(extra)));
}

enum err ledger_entry_open(struct req *r)
{
    const struct str *h = r->in.header;
    struct ledger_open o = {
        .request_id = r->in.id,
        .organisation_id = r->who.key.organisation_id,
        .project_id = r->who.key.project_id,
        .api_key_id = r->who.key.id,
        .user_id = r->who.key.owner_id,
        .created_us = r->in.created_us,
        .retention_days = r->who.project->retention_days,
        .endpoint = (uint8_t)r->in.route->endpoint,
        .streamed = r->want.scan.stream,
        .model_id = r->target.model ? r->target.model->id : 0,
        .requested_model = r->want.scan.model,
        .client_request_id = h[HEADER_X_REQUEST_ID],
        .source = h[HEADER_X_SOURCE].len ? h[HEADER_X_SOURCE] : h[HEADER_HTTP_REFERER],
        .title = h[HEADER_X_TITLE],
        .referer = h[HEADER_HTTP_REFERER].len ? h[HEADER_HTTP_REFERER] : h[HEADER_REFERER],
        .end_user = r->want.scan.end_user,
        .session = h[HEADER_X_SESSION_ID],
        .user_agent = h[HEADER_USER_AGENT],
        .tags = h[HEADER_X_DOTEB_TAGS],
        .metadata = all_metadata(r),
        .params = r->want.scan.params,
    };
    memcpy(o.client_ip, r->in.client_ip, sizeof o.client_ip);
    add_estimate(r, &o);
    return spool_write_open(r->engine->lane, &o);
}

enum outcome ledger_entry_outcome(const struct req *r)
{
    enum err e = r->fail.err;
    if (e == E_OK)
        return OUTCOME_OK;
    if (e == E_CLIENT_GONE)
        return OUTCOME_CLIENT_GONE;
    if (e == E_UPSTREAM_REJECTED)
        return OUTCOME_CLIENT_ERROR;
    if (strcmp(err_type(e), "upstream_error") == 0 || e == E_UPSTREAM_RATE_LIMIT)
        return OUTCOME_UPSTREAM_ERROR;
    return err_status(e) >= 500 ? OUTCOME_GATEWAY_ERROR : OUTCOME_CLIENT_ERROR;
}

int ledger_entry_status(const struct req *r)
{
    return r->fail.err == E_CLIENT_GONE ? err_status(E_CLIENT_GONE) : r->out.status;
}

static void copy_attempts(const struct req *r, struct ledger_close *c)
{
    c->n_attempts = (uint8_t)r->route.n_attempts;
    for (unsigned i = 0; i < r->route.n_attempts; i++) {
        const struct attempt *a = &r->route.attempt[i];
        struct ledger_attempt *l = &c->attempt[i];
        *l = (struct ledger_attempt){
            .offer_id = a->candidate->offer->id,
            .provider_id = a->candidate->offer->provider->id,
            .provider_key_id = a->candidate->key->id,
            .lent = req_is_lent(r, a->candidate->key),
            .status = (uint16_t)a->status,
            .start_us = a->start_us - r->in.start_us,
            .first_byte_us = a->first_byte_us ? a->first_byte_us - a->start_us : -1,
            .duration_us = a->end_us ? a->end_us - a->start_us : 0,
        };
        if (a->err)
            strncpy(l->error, err_name(a->err), sizeof l->error - 1);
    }
}

static void copy_candidate(const struct req *r, struct ledger_close *c)
{
    c->model_id = r->target.model ? r->target.model->id : 0;
    if (!r->route.candidate)
        return;
    c->provider_id = r->route.candidate->offer->provider->id;
    c->offer_id = r->route.candidate->offer->id;
    c->provider_key_id = r->route.candidate->key->id;
}

void ledger_entry_close(struct req *r, int64_t now_us)
{
    struct ledger_close c = {
        .request_id = r->in.id,
        .status = (uint16_t)ledger_entry_status(r),
        .outcome = (uint8_t)ledger_entry_outcome(r),
        .finish_reason = r->out.answer.finish,
        .duration_us = now_us - r->in.start_us,
        .ttft_us = r->out.first_content_us ? r->out.first_content_us - r->in.start_us : -1,
        .overhead_us = r->out.overhead_us,
        .usage = r->out.answer.usage,
        .cost = r->out.cost,
        .upstream_model = r->out.answer.model,
        .upstream_request_id = r->up.request_id,
        .n_steps = STEP_COUNT,
    };
    if (r->fail.err) {
        strncpy(c.error, err_name(r->fail.err), sizeof c.error - 1);
        bool upstream = r->fail.err == E_UPSTREAM_AUTH || r->fail.err == E_UPSTREAM_RATE_LIMIT;
        const char *words = upstream && r->route.why ? r->route.why : r->fail.message;
        c.error_detail = words[0] ? str_of(words) : STR_NULL;
    }
    memcpy(c.step_us, r->run.step_us, sizeof r->run.step_us);
    copy_candidate(r, &c);
    copy_attempts(r, &c);
    spool_write_close(r->engine->lane, &c);
}
