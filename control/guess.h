/* Limits on guessing: per name (an e-mail address in any case, or a person's id) and per network
 * address, in memory, with a delay that grows. Counted before the password is looked at, so that
 * parallel guesses count too.
 */
#ifndef DOTEB_CONTROL_GUESS_H
#define DOTEB_CONTROL_GUESS_H

#include "common/defs.h"
#include "common/str.h"

struct guesses;

/* What is guessed at, or asked for so often that it hurts; each is counted by itself. */
enum guess_kind {
    GUESS_PASSWORD, /* of an e-mail address */
    GUESS_CODE,     /* second factor of a person */
    GUESS_PASSKEY,  /* of one passkey */
    GUESS_MAIL,     /* mail to an address: nobody's letter box is filled through us */
    GUESS_INVITE,   /* invitations to it, of which one team may send many to many */
    GUESS_KINDS,
};

/* Returns owned. Any thread may use it. */
struct guesses *guesses_new(void);
void guesses_free(struct guesses *g);
/* Counts a guess. 0: go on; else the seconds until the next one is looked at. `now_us` is
 * monotonic. */
int guess_take(struct guesses *g, enum guess_kind kind, struct str name, const uint8_t client[16],
               int64_t now_us);
/* Takes one of what a network address may ask for without guessing at anything (a challenge to
 * sign): GUESS_ASKS at once, and more as time goes by, so that a page of it can ask by itself. 0:
 * go on; else the seconds until there is one more. */
enum { GUESS_ASKS = 300, GUESS_ASKS_A_SECOND = 5 };
int guess_ask(struct guesses *g, const uint8_t client[16], int64_t now_us);
/* The guess was right: forgets the name's count and takes this one off the network address's. */
void guess_right(struct guesses *g, enum guess_kind kind, struct str name,
                 const uint8_t client[16]);

#endif
