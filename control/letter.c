/* The texts of account mail, in one table. Job threads. Links begin with DOTEB_PUBLIC_URL, never
 * with what a request calls this host; their token is behind the '#', which browsers send to
 * nobody.
 */
#include "control/letter.h"

#include "control/mail.h"

static const struct {
    const char *subject, *text, *path, *after;
} letters[LETTERS] = {
    [LETTER_SIGN_UP] = {"Confirm your e-mail address",
                        "Welcome to doteb. Open this link to confirm your address and to choose "
                        "a password; it works once, for 24 hours:",
                        "/sign-up/finish",
                        "If you did not ask for an account, ignore this mail: without the link "
                        "none is made."},
    [LETTER_SIGN_UP_KNOWN] = {"You have an account already",
                              "Somebody, perhaps you, wanted to sign up with this address. It has "
                              "an account already. Sign in here, or choose a new password if you "
                              "forgot yours:",
                              "/login", "If it was not you, there is nothing to do."},
    [LETTER_SIGN_UP_UNINVITED] = {"Accounts are by invitation",
                                  "Somebody, perhaps you, wanted to sign up with this address. "
                                  "Here that takes an invitation, and there is none to this "
                                  "address now.",
                                  NULL, "If it was not you, there is nothing to do."},
    [LETTER_RESET] = {"Choose a new password",
                      "Open this link to choose a new password; it works once, for one hour:",
                      "/reset/finish",
                      "If you did not ask for it, ignore this mail: your password stays as it is."},
    [LETTER_RESET_UNKNOWN] = {"There is no account with this address",
                              "Somebody, perhaps you, wanted to choose a new password for this "
                              "address. It has no account; perhaps yours has another address.",
                              NULL, "If it was not you, there is nothing to do."},
    [LETTER_PASSWORD_CHANGED] = {"Your password was changed",
                                 "The password of your account was changed just now, and other "
                                 "browsers were signed out.",
                                 NULL,
                                 "If it was not you, choose a new password at once and tell who "
                                 "runs this instance."},
    [LETTER_NEW_EMAIL] = {"Confirm your new e-mail address",
                          "Open this link to use this address for your account; it works once, "
                          "for 24 hours:",
                          "/email/finish",
                          "If you did not ask for it, ignore this mail: nothing changes."},
    [LETTER_NEW_EMAIL_KNOWN] = {"This address has an account already",
                                "Somebody wanted to use this address for another account. It has "
                                "one already, and an address can have one account only.",
                                NULL, "If it was not you, there is nothing to do."},
    [LETTER_EMAIL_CHANGED] = {"Your e-mail address was changed",
                              "Your account has another e-mail address from now on, and this one "
                              "no longer opens it.",
                              NULL, "If it was not you, tell who runs this instance at once."},
    [LETTER_SECOND_FACTOR_ON] = {"Two-step sign-in is on",
                                 "From now on, signing in asks for a code of your authenticator "
                                 "app too. Keep the recovery codes where you find them without "
                                 "your phone.",
                                 NULL, "If it was not you, tell who runs this instance at once."},
    [LETTER_SECOND_FACTOR_OFF] = {"Two-step sign-in is off",
                                  "Signing in asks for your password only from now on.", NULL,
                                  "If it was not you, choose a new password at once and turn it on "
                                  "again."},
    [LETTER_PASSKEY_ADDED] = {"A passkey was added",
                              "From now on a new passkey opens your account, without your "
                              "password.",
                              NULL,
                              "If it was not you, remove it on your account's page, choose a new "
                              "password at once and tell who runs this instance."},
    [LETTER_PASSKEY_REMOVED] = {"A passkey was removed",
                                "One of your passkeys no longer opens your account.", NULL,
                                "If it was not you, choose a new password at once and tell who "
                                "runs this instance."},
    [LETTER_ACCOUNT_DELETED] = {"Your account was deleted",
                                "You deleted your account. Nothing opens it any more, and this "
                                "address is free for a new one. The audit logs of the "
                                "organisations that you were in keep what you did in them.",
                                NULL, "If it was not you, tell who runs this instance at once."},
};

enum pg_err letter_send(const struct app *app, struct pg *pg, enum letter letter, struct str to,
                        const char *token)
{
    struct buf text;
    buf_init(&text, MAIL_TEXT_MAX);
    (void)buf_printf(&text, "%s\n\n", letters[letter].text);
    if (letters[letter].path)
        (void)buf_printf(&text, "%s%s%s%s\n\n", app->opt.public_url, letters[letter].path,
                         token ? "#" : "", token ? token : "");
    (void)buf_printf(&text, "%s\n\ndoteb, %s\n", letters[letter].after, app->opt.public_url);
    ASSERT(!text.failed);
    enum pg_err e = mail_send(app, pg, to, str_of(letters[letter].subject), buf_str(&text));
    buf_fini(&text);
    return e;
}
