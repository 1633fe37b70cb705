/* Step 4: picks the next attempt. Writes r->route. After a failure the engine comes back here: the
 * next key of the same provider if the key was at fault, else the next provider. */
#include "common/clock.h"
#include "gateway/request.h"

static bool key_at_fault(enum err e)
{
    return e == E_UPSTREAM_AUTH || e == E_UPSTREAM_RATE_LIMIT || e == E_CREDENTIAL;
}

/* Has an attempt shown that this candidate would fail as well? */
static bool spoiled(const struct req *r, const struct candidate *c)
{
    for (unsigned i = 0; i < r->route.n_attempts; i++) {
        const struct attempt *a = &r->route.attempt[i];
        bool same_offer = a->candidate->offer == c->offer;
        if (same_offer && a->candidate->key == c->key)
            return true;
        if (same_offer && !key_at_fault(a->err))
            return true;
    }
    return false;
}

/* The last attempt, if the organisation's own keys were all refused, is for the platform's, however
 * many more there are of its own. */
static void skip_to_last_resort(struct req *r)
{
    for (unsigned i = 0; i < r->route.n_attempts; i++) {
        const struct attempt *a = &r->route.attempt[i];
        if (!key_at_fault(a->err) || req_is_lent(r, a->candidate->key))
            return;
    }
    for (size_t i = r->route.next; i < r->target.n; i++) {
        const struct candidate *c = &r->target.candidate[i];
        if (!req_is_lent(r, c->key) || spoiled(r, c))
            continue;
        r->route.next = i;
        return;
    }
}

enum step_rc step_route(struct req *r)
{
    unsigned most = (unsigned)r->engine->conf->attempts_max;
    if (most > LEDGER_ATTEMPTS_MAX)
        most = LEDGER_ATTEMPTS_MAX;
    if (r->route.n_attempts > 0 && r->route.n_attempts + 1 == most)
        skip_to_last_resort(r);
    while (r->route.n_attempts < most && r->route.next < r->target.n) {
        const struct candidate *c = &r->target.candidate[r->route.next++];
        if (spoiled(r, c))
            continue;
        r->route.candidate = c;
        struct attempt *a = &r->route.attempt[r->route.n_attempts++];
        *a = (struct attempt){.candidate = c, .start_us = clock_mono_us()};
        return STEP_NEXT;
    }
    if (r->route.n_attempts == 0) { /* no candidate could be told what was asked */
        const struct dialect_refusal *why = &r->tx.loss.why;
        ASSERT(why->err != E_OK);
        req_fail(r, why->err, why->field, STR_FMT, STR_ARG(why->text));
        return STEP_FAIL;
    }
    enum err last = r->route.attempt[r->route.n_attempts - 1].err;
    ASSERT(last != E_OK);
    upstream_give_up(r, last);
    return STEP_FAIL;
}
