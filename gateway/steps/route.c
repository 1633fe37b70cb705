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

enum step_rc step_route(struct req *r)
{
    bool more = r->route.n_attempts < (unsigned)r->engine->conf->attempts_max &&
                r->route.n_attempts < LEDGER_ATTEMPTS_MAX;
    while (more && r->route.next < r->target.n) {
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
