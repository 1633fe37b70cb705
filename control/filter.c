/* The filter of the request log from its words. Job threads. */
#include "control/filter.h"

#include "common/money.h"

const char *const filter_status_words[] = {"ok", "error", "2xx", "4xx", "5xx", NULL};
const char *const filter_outcome_words[] = {OUTCOME_WORDS, NULL};
const char *const filter_yes_words[] = {"false", "true", NULL};

void filter_init(struct request_filter *f, struct filter_words *w, struct uuid organisation)
{
    *f = (struct request_filter){.organisation = organisation, .outcome = -1};
    *w = (struct filter_words){.status = STATUS_ANY, .streamed = -1};
}

bool filter_take(struct call *c, struct request_filter *f, const struct filter_words *w)
{
    f->status = (enum request_status)w->status;
    f->streamed = w->streamed;
    f->min_us = w->min_ms * 1000;
    if (w->min_cost.p && (!money_parse(w->min_cost, &f->min_cost_pico) || f->min_cost_pico < 0))
        return input_refuse(c, "min_cost", "give US dollars as 0.25.");
    return true;
}
