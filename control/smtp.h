/* Hands one mail to a mail server, through libcurl. Blocks: a thread of its own only. */
#ifndef DOTEB_CONTROL_SMTP_H
#define DOTEB_CONTROL_SMTP_H

#include "common/defs.h"
#include "common/str.h"

enum { SMTP_ERROR_BYTES = 256 };

struct smtp_server {
    const char *url; /* smtp://host:port or smtps://host:port */
    const char *username, *password;
    const char *from; /* "Name <a@b>" or "a@b" */
    bool tls;         /* without TLS, nothing is sent */
};

struct smtp_mail {
    const char *id; /* of Message-ID, left of the @ */
    const char *to;
    struct str subject, text, html; /* UTF-8 */
};

enum smtp_result {
    SMTP_SENT,
    SMTP_LATER,   /* no answer, or a refusal that may pass */
    SMTP_REFUSED, /* this mail will never be taken */
};

/* True: give up now. Called about once a second. */
typedef bool smtp_stop_fn(void *arg);

/* Once, before threads start. */
void smtp_init(void);
/* `err` says what went wrong; never holds the password. */
enum smtp_result smtp_send(const struct smtp_server *s, const struct smtp_mail *m,
                           smtp_stop_fn *stop, void *arg, char err[SMTP_ERROR_BYTES]);
/* The address of "Name <a@b>" or "a@b". */
struct str smtp_address(struct str mailbox);

#endif
