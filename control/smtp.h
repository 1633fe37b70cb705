/* Hands one mail to a mail server, through libcurl. Blocks: a thread of its own only. */
#ifndef DOTEB_CONTROL_SMTP_H
#define DOTEB_CONTROL_SMTP_H

#include "common/defs.h"
#include "common/str.h"

enum { SMTP_ERROR_BYTES = 256 };

struct smtp_server {
    const char *url; /* smtp://host:port or smtps://host:port */
    const char *username, *password;
    const char *from;    /* "Name <a@b>" or "a@b" */
    const char *ca_file; /* "": the system's authorities */
    bool tls;            /* without TLS to a server whose certificate is trusted, nothing is sent */
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

/* What went wrong; neither ever holds the password. */
struct smtp_report {
    char error[SMTP_ERROR_BYTES];
    char answer[SMTP_ERROR_BYTES]; /* the server's last line; "": it said nothing */
    const char *advice;            /* "" or what whoever runs the instance can do about it */
};

/* What the caller is asked and told meanwhile, in its own thread. */
struct smtp_ear {
    /* True: give up now. Called about once a second. */
    bool (*stop)(void *arg);
    /* NULL, or told each line of the conversation but those of the mail; credentials are not in
     * them. */
    void (*line)(void *arg, bool ours, struct str line);
    void *arg;
};

/* Once, before threads start. */
void smtp_init(void);
/* At most 50 s. */
enum smtp_result smtp_send(const struct smtp_server *s, const struct smtp_mail *m,
                           const struct smtp_ear *ear, struct smtp_report *report);
/* Can nobody listen between us and the server, if TLS does not see to it? */
bool smtp_is_near(struct str url);
/* Does the URL hold a name and a password? */
bool smtp_has_login(struct str url);
/* The address of "Name <a@b>" or "a@b". */
struct str smtp_address(struct str mailbox);

#endif
