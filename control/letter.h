/* What doteb writes to people about their accounts. */
#ifndef DOTEB_CONTROL_LETTER_H
#define DOTEB_CONTROL_LETTER_H

#include "control/app.h"

enum letter {
    LETTER_SIGN_UP,           /* with a link */
    LETTER_SIGN_UP_KNOWN,     /* somebody signed up with an address that has an account */
    LETTER_SIGN_UP_UNINVITED, /* only who is invited may, and this address is not */
    LETTER_RESET,             /* with a link */
    LETTER_RESET_UNKNOWN,     /* for an address that has no account */
    LETTER_PASSWORD_CHANGED,  /* notices from here on */
    LETTER_NEW_EMAIL,         /* with a link, to the new address */
    LETTER_NEW_EMAIL_KNOWN,   /* that address has an account of its own */
    LETTER_EMAIL_CHANGED,     /* to the old address */
    LETTER_SECOND_FACTOR_ON,
    LETTER_SECOND_FACTOR_OFF,
    LETTER_PASSKEY_ADDED,
    LETTER_PASSKEY_REMOVED,
    LETTER_ACCOUNT_DELETED,
    LETTERS,
};

/* Queues it. `token` goes into the link, for those that have one; else NULL. */
MUST_USE enum pg_err letter_send(const struct app *app, struct pg *pg, enum letter letter,
                                 struct str to, const char *token);

#endif
