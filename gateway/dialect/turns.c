/* See turns.h. Pure but for the arena. */
#include "gateway/dialect/turns.h"

#include "common/map.h"

/* A model that has said nothing yet is asked by these words. */
#define OPENING "..."

struct call {
    const struct ir_message *message;
    const struct ir_part *part;
    bool answered;
};

struct turn {
    struct map calls; /* id -> struct call, of the model's last turn */
    const struct ir_chat *c;
    struct arena *a;
    struct dialect_loss *loss;
    bool answering; /* the user's turn behind it has begun */
};

static bool is_system(const struct ir_message *m)
{
    return m->role == IR_SYSTEM || m->role == IR_DEVELOPER;
}

static enum err refuse(struct turn *t, const struct ir_message *m, const struct ir_part *p,
                       const char *why)
{
    return dialect_cannot(t->loss, t->a, ir_part_path(t->c, m, p, t->a), "%s", why);
}

/* Is there a call of the last turn that nothing has answered? The first of the conversation's
 * order. */
static enum err end_turn(struct turn *t)
{
    const struct call *alone = NULL;
    map_for_each (&t->calls, slot) {
        const struct call *call = slot->value;
        bool before = alone && (alone->message->index < call->message->index ||
                                (alone->message == call->message &&
                                 alone->part->index <= call->part->index));
        if (!call->answered && !before)
            alone = call;
    }
    if (t->calls.len > 0) {
        map_fini(&t->calls);
        map_init(&t->calls);
    }
    t->answering = false;
    return !alone ? E_OK
                  : refuse(t, alone->message, alone->part,
                           "This call has no result: the turn behind a call must hold one for it.");
}

static enum err add_call(struct turn *t, const struct ir_message *m, const struct ir_part *p)
{
    struct call *call = ARENA_NEW(t->a, struct call);
    *call = (struct call){.message = m, .part = p};
    return map_put(&t->calls, ir_key(p->id), call)
               ? refuse(t, m, p, "Another call of this turn has its id.")
               : E_OK;
}

static enum err add_result(struct turn *t, const struct ir_message *m, const struct ir_part *p)
{
    struct call *call = map_get(&t->calls, ir_key(p->id));
    if (!call)
        return refuse(t, m, p, "This result belongs to no call of the turn before it.");
    if (call->answered)
        return refuse(t, m, p, "The call has a result already.");
    call->answered = true;
    return E_OK;
}

static enum err add_message(struct turn *t, const struct ir_message *m)
{
    enum err err = E_OK;
    if (m->role == IR_ASSISTANT && t->answering)
        err = end_turn(t);
    t->answering |= m->role == IR_USER;
    for (const struct ir_part *p = m->parts; p && !err; p = p->next) {
        if (p->kind == IR_TOOL_CALL && m->role == IR_ASSISTANT)
            err = add_call(t, m, p);
        else if (p->kind == IR_TOOL_RESULT)
            err = add_result(t, m, p);
    }
    return err;
}

static enum err check_calls(const struct ir_chat *c, struct arena *a, struct dialect_loss *loss)
{
    struct turn t = {.c = c, .a = a, .loss = loss};
    enum err err = E_OK;
    map_init(&t.calls);
    for (const struct ir_message *m = c->messages; m && !err; m = m->next)
        err = is_system(m) ? E_OK : add_message(&t, m);
    if (!err)
        err = end_turn(&t);
    map_fini(&t.calls);
    return err;
}

static bool says_something(const struct ir_message *m)
{
    for (const struct ir_part *p = m->parts; p; p = p->next) {
        bool text = p->kind == IR_TEXT || p->kind == IR_REFUSAL;
        bool thought = p->kind == IR_THINKING || p->kind == IR_REDACTED;
        if (text ? !ir_is_blank(p->text) : !thought)
            return true;
    }
    return false;
}

/* Instructions stand apart at these providers, so that the user's turn may come before them. */
static void open_conversation(struct arena *a, struct ir_chat *c)
{
    const struct ir_message *m = c->messages;
    while (m && (is_system(m) || !says_something(m)))
        m = m->next;
    if (!m || m->role != IR_ASSISTANT)
        return;
    struct ir_message *opening = ARENA_NEW(a, struct ir_message);
    *opening = (struct ir_message){.role = IR_USER, .next = c->messages};
    opening->tail = &opening->parts;
    ir_add_part(opening, a, IR_TEXT)->text = STR(OPENING);
    c->messages = opening;
}

enum err turns_fit(const struct dialect *d, struct arena *a, struct ir_chat *c,
                   struct dialect_loss *loss)
{
    if (!d->strict_turns || c->words == d->words)
        return E_OK;
    open_conversation(a, c);
    return check_calls(c, a, loss);
}
