/* How much a model shall think: words and token budgets. One table for all dialects. Pure. */
#include "gateway/ir/chat.h"

/* Budgets: between what the peers' gateways use and what the providers' guides suggest; a word is
 * found back from its own budget. */
static const struct {
    const char *word;
    int64_t budget;
} efforts[] = {
    [IR_EFFORT_UNSET] = {"", -1},
    [IR_EFFORT_NONE] = {"none", 0},
    [IR_EFFORT_MINIMAL] = {"minimal", 1024},
    [IR_EFFORT_LOW] = {"low", 2048},
    [IR_EFFORT_MEDIUM] = {"medium", 8192},
    [IR_EFFORT_HIGH] = {"high", 16384},
    [IR_EFFORT_XHIGH] = {"xhigh", 32768},
    [IR_EFFORT_MAX] = {"max", 65536},
};
static_assert(ARRAY_LEN(efforts) == IR_EFFORTS, "a row per effort");

enum { LEAST_BUDGET = 1024, ROOM_FOR_THE_ANSWER = 1024 };

enum ir_effort ir_effort_find(struct str word)
{
    for (size_t i = IR_EFFORT_NONE; i < ARRAY_LEN(efforts); i++)
        if (str_ieq(word, str_of(efforts[i].word)))
            return (enum ir_effort)i;
    return IR_EFFORT_UNSET;
}

const char *ir_effort_word(enum ir_effort e)
{
    ASSERT((unsigned)e < IR_EFFORTS);
    return efforts[e].word;
}

enum ir_effort ir_effort_of_budget(int64_t tokens)
{
    if (tokens < 0)
        return IR_EFFORT_UNSET;
    enum ir_effort best = IR_EFFORT_NONE;
    for (size_t i = IR_EFFORT_MINIMAL; i < ARRAY_LEN(efforts); i++)
        if (tokens > efforts[i - 1].budget)
            best = (enum ir_effort)i;
    return best;
}

int64_t ir_effort_budget(enum ir_effort e, int64_t max_output)
{
    ASSERT((unsigned)e < IR_EFFORTS);
    int64_t budget = efforts[e].budget;
    if (budget <= 0)
        return budget;
    if (max_output > 0 && budget > max_output - ROOM_FOR_THE_ANSWER)
        budget = max_output - ROOM_FOR_THE_ANSWER;
    return budget < LEAST_BUDGET ? LEAST_BUDGET : budget;
}

enum ir_effort ir_effort_nearest(enum ir_effort e, uint32_t set)
{
    if (set == 0 || e == IR_EFFORT_UNSET || set >> e & 1)
        return e;
    for (int d = 1; d < IR_EFFORTS; d++) {
        if ((int)e + d < IR_EFFORTS && set >> ((int)e + d) & 1)
            return (enum ir_effort)((int)e + d);
        if ((int)e - d > IR_EFFORT_UNSET && set >> ((int)e - d) & 1)
            return (enum ir_effort)((int)e - d);
    }
    return e;
}

enum ir_effort ir_reasoning_effort(const struct ir_reasoning *r)
{
    if (!r->given)
        return IR_EFFORT_UNSET;
    if (r->effort != IR_EFFORT_UNSET)
        return r->effort;
    if (r->budget_tokens >= 0)
        return ir_effort_of_budget(r->budget_tokens);
    return IR_EFFORT_UNSET;
}
