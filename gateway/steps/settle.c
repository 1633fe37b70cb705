/* Usage and cost of one request. Pure over the request. Estimates are marked; those of text never
 * exceed what was forwarded, those of what is no chat are the dialect's guess. */
#include "gateway/steps/settle.h"

#include "gateway/ir/estimate.h"

enum { AUDIO_MS_PER_TOKEN = 100 };

/* Was work accepted that must be paid, whether or not its size was told? */
static bool owes(const struct req *r)
{
    bool accepted = r->up.head_done && r->up.status >= 200 && r->up.status < 300;
    return accepted && !r->out.answer.is_error &&
           (r->out.content_bytes > 0 || r->out.got_content || r->fail.err == E_OK);
}

static bool has_price(const struct price_list *list, enum price_kind k)
{
    return list && (list->tier[0].set >> k & 1);
}

/* What is no chat may be paid by other units than tokens, and those are known from what was asked
 * and what came. */
static void count_units(struct req *r, const struct price_list *list)
{
    struct usage *u = &r->out.answer.usage;
    const struct dialect_request *scan = &r->want.scan;
    if (scan->asked.characters > 0)
        u->characters = scan->asked.characters;
    if (scan->asked.image_input > 0)
        u->image_input = scan->asked.image_input;
    if (r->in.dialect->pictures)
        u->pictures = (int64_t)r->out.answer.items;
    if (list)
        u->picture_price = price_list_picture(list, scan->quality, scan->size);
    if (has_price(list, PRICE_AUDIO) && u->audio_ms < 0 && scan->asked.audio_ms > 0) {
        u->audio_ms = scan->asked.audio_ms;
        u->estimated = true;
    }
    if (!list || has_price(list, PRICE_INPUT) || has_price(list, PRICE_OUTPUT))
        return;
    u->input = u->input < 0 ? 0 : u->input;
    u->output = u->output < 0 ? 0 : u->output;
}

static void estimate_tokens(struct req *r)
{
    struct usage *u = &r->out.answer.usage;
    const struct usage *asked = &r->want.scan.asked;
    if (u->audio_ms > 0)
        u->input = u->audio_ms / AUDIO_MS_PER_TOKEN;
    else
        u->input = asked->input > 0 ? asked->input : estimate_mean((int64_t)r->in.body.len);
    u->output = asked->output > 0 ? asked->output : estimate_mean(r->out.content_bytes);
    u->estimated = true;
}

void settle(struct req *r)
{
    struct usage *u = &r->out.answer.usage;
    const struct price_list *list =
        r->route.candidate ? snap_offer_prices(r->route.candidate->offer, r->in.created_us) : NULL;
    if (owes(r) && r->in.dialect->operation)
        count_units(r, list);
    if (owes(r) && !usage_known(u))
        estimate_tokens(r);
    if (!usage_known(u) || !list)
        return;
    struct str tier = r->out.answer.service_tier.len ? r->out.answer.service_tier
                                                     : r->want.scan.service_tier;
    cost_compute(list, u, tier, r->in.created_us, &r->out.cost);
    r->out.has_cost = true;
}
