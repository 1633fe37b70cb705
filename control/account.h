/* What the handlers of accounts share: limits, the present password, links and letters. Each writes
 * the refusal to the call's reply and answers false.
 */
#ifndef DOTEB_CONTROL_ACCOUNT_H
#define DOTEB_CONTROL_ACCOUNT_H

#include "control/call.h"
#include "control/letter.h"
#include "control/store/token_store.h"
#include "control/store/user_store.h"
#include "control/token.h"

/* Counts an attempt (guess.h). */
MUST_USE bool account_take_guess(struct call *c, enum guess_kind kind, struct str name);
/* The same of an e-mail address, however it is spelt; `*email` is what is counted (guess_right). */
MUST_USE bool account_take_guess_of(struct call *c, enum guess_kind kind, struct str *email);
/* Refuses for now. Always false. */
bool account_wait(struct call *c, int seconds);
/* Is `password` the signed-in person's? Fills `user`. */
MUST_USE bool account_check_password(struct call *c, struct str password, struct user_login *user);
/* Is it fit to be a password? `field` names it in the refusal. */
MUST_USE bool account_password_fits(struct call *c, const char *field, struct str password);
MUST_USE bool account_hash(struct call *c, struct str password, char hash[PASSWORD_HASH_BYTES]);
/* Is there mail, and is this an address? */
MUST_USE bool account_can_write_to(struct call *c, struct str email);
/* A new token, and the letter whose link holds it. `t->hash` is filled here. With `t->minutes` 0
 * `dead` is sent instead, without a link that opens anything: the database has the same work. */
MUST_USE bool account_send_link(struct call *c, struct token_new *t, enum letter letter,
                                enum letter dead);
MUST_USE bool account_send(struct call *c, enum letter letter, struct str to);
/* Takes the link's token. */
MUST_USE bool account_take_link(struct call *c, struct str token, const char *purpose,
                                struct token_taken *out);
/* The account object of the API in the call's arena. */
MUST_USE bool account_view(struct call *c, struct uuid user, struct str *item);

#endif
