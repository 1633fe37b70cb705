/* Usage and cost of one request. Pure over the request. Estimates are marked, and never exceed what
 * was forwarded. */
#include "gateway/steps/settle.h"

#include "gateway/ir/estimate.h"

/* Did the provider do billable work whose size it did not tell? */
static bool owes_estimate(const struct req *r)
{
    bool accepted = r->up.head_done && r->up.status >= 200 && r->up.status < 300;
    return accepted && !usage_known(&r->out.answer.usage) && !r->out.answer.is_error &&
           (r->out.content_bytes > 0 || r->out.got_content || r->fail.err == E_OK);
}

void settle(struct req *r)
{
    struct usage *u = &r->out.answer.usage;
    if (owes_estimate(r)) {
        u->input = estimate_mean((int64_t)r->in.body.len);
        u->output = estimate_mean(r->out.content_bytes);
        u->estimated = true;
    }
    if (!usage_known(u) || !r->route.candidate)
        return;
    const struct price_list *list = snap_offer_prices(r->route.candidate->offer, r->in.created_us);
    if (!list)
        return;
    struct str tier = r->out.answer.service_tier.len ? r->out.answer.service_tier
                                                     : r->want.scan.service_tier;
    cost_compute(list, u, tier, r->in.created_us, &r->out.cost);
    r->out.has_cost = true;
}
