/* What the handlers of accounts share. Job threads. */
#include "control/account.h"

#include <sodium.h>

#include "common/clock.h"
#include "control/input.h"
#include "control/mail.h"

bool account_take_guess_of(struct call *c, enum guess_kind kind, struct str *email)
{
    enum pg_err e = user_store_fold(c->pg, c->arena, *email, email);
    return e == PG_OK ? account_take_guess(c, kind, *email) : call_failed(c, e);
}

bool account_take_guess(struct call *c, enum guess_kind kind, struct str name)
{
    int wait_s = guess_take(c->guesses, kind, name, c->req.client_ip, clock_mono_us());
    return wait_s == 0 || account_wait(c, wait_s);
}

bool account_wait(struct call *c, int seconds)
{
    reply_problem(&c->reply, P_TOO_MANY, NULL, "Too many attempts; try again in %d s.", seconds);
    c->reply.retry_after_s = seconds;
    return false;
}

bool account_check_password(struct call *c, struct str password, struct user_login *user)
{
    enum pg_err e = user_store_by_id(c->pg, c->session.user, user);
    if (e != PG_OK)
        return call_failed(c, e);
    struct str email = str_of(user->email);
    if (!account_take_guess_of(c, GUESS_PASSWORD, &email))
        return false;
    if (user->found && password_verify(user->hash, password)) {
        guess_right(c->guesses, GUESS_PASSWORD, email, c->req.client_ip);
        return true;
    }
    reply_problem(&c->reply, P_WRONG_PASSWORD, "password", "password: it is wrong.");
    return false;
}

bool account_password_fits(struct call *c, const char *field, struct str password)
{
    const char *fault = password_fault(password);
    return !fault || input_refuse(c, field, "%s", fault);
}

bool account_hash(struct call *c, struct str password, char hash[PASSWORD_HASH_BYTES])
{
    if (password_hash(password, hash))
        return true;
    reply_problem(&c->reply, P_UNAVAILABLE, NULL, "There is not enough memory now; try again.");
    c->reply.retry_after_s = 1;
    return false;
}

bool account_can_write_to(struct call *c, struct str email)
{
    if (!mail_possible(c->app)) {
        reply_problem(&c->reply, P_NO_MAIL, NULL,
                      "This instance sends no mail; ask who runs it (DOTEB_SMTP_URL).");
        return false;
    }
    return mail_is_address(email) || input_refuse(c, "email", "give an e-mail address.");
}

bool account_send_link(struct call *c, struct token_new *t, enum letter letter, enum letter dead)
{
    char token[TOKEN_TEXT_LEN + 1];
    uint8_t hash[TOKEN_HASH_BYTES];
    token_make(token);
    token_hash(str_of(token), hash);
    t->hash = hash;
    enum pg_err e = token_store_add(c->pg, t);
    if (e == PG_OK)
        e = letter_send(c->app, c->pg, t->minutes ? letter : dead, t->email,
                        t->minutes ? token : NULL);
    sodium_memzero(token, sizeof token);
    t->hash = NULL;
    return e == PG_OK || call_failed(c, e);
}

bool account_send(struct call *c, enum letter letter, struct str to)
{
    if (!mail_possible(c->app))
        return true; /* a notice that nobody could send */
    enum pg_err e = letter_send(c->app, c->pg, letter, to, NULL);
    return e == PG_OK || call_failed(c, e);
}

bool account_take_link(struct call *c, struct str token, const char *purpose,
                       struct token_taken *out)
{
    uint8_t hash[TOKEN_HASH_BYTES];
    token_hash(token, hash);
    enum pg_err e = token_store_take(c->pg, hash, purpose, out);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!out->found)
        reply_problem(&c->reply, P_LINK, "token",
                      "The link was used already, or it is too old. Ask for a new one.");
    return out->found;
}

bool account_view(struct call *c, struct uuid user, struct str *item)
{
    struct pg_result *r = NULL;
    enum pg_err e = user_store_view(c->pg, user, &r);
    *item = e == PG_OK && pg_rows(r) > 0 ? arena_str(c->arena, pg_str(r, 0, 0)) : STR_NULL;
    pg_result_free(r);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!item->p)
        reply_problem(&c->reply, P_NOT_SIGNED_IN, NULL, "Sign in first.");
    return item->p != NULL;
}
