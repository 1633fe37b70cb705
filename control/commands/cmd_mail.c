/* `doteb-control mail test ADDRESS`: sends one mail there and then, past the queue, and shows what
 * the mail server and we say to each other. Needs no database: it is for the night when nothing
 * comes through.
 */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "control/args.h"
#include "control/commands/commands.h"
#include "control/mail.h"

static bool never(void *arg)
{
    (void)arg;
    return false;
}

/* The server without the name and the password that its URL may hold. */
static void show_server(const char *url)
{
    const char *at = strrchr(url, '@'), *host = strstr(url, "://");
    (void)printf("%.*s%s\n", (int)(host + 3 - url), url, at ? at + 1 : host + 3);
}

static void show(void *arg, bool ours, struct str line)
{
    (void)arg;
    (void)printf("%s " STR_FMT "\n", ours ? ">" : "<", STR_ARG(line));
}

static int complain(const char *what, const char *text)
{
    (void)fprintf(stderr, "doteb-control: %s%s\n", what, text);
    return 1;
}

static int report(enum smtp_result result, const struct smtp_report *r, const char *to)
{
    (void)fflush(stdout);
    if (result == SMTP_SENT) {
        (void)fprintf(stderr, "doteb-control: the mail server took the mail to %s\n", to);
        return 0;
    }
    (void)fprintf(stderr, "doteb-control: not sent: %s%s%s%s%s\n", r->error,
                  *r->answer ? "; the server's last answer: " : "", r->answer,
                  *r->advice ? "\ndoteb-control: " : "", r->advice);
    return 1;
}

static int send_one(const struct app *app, const char *to)
{
    char id[UUID_TEXT_LEN + 1];
    struct smtp_report r;
    const struct smtp_server server = mail_server(app);
    const struct smtp_ear ear = {.stop = never, .line = show};
    uuid_format(uuid_v7(clock_wall_us()), id);
    const struct smtp_mail mail = {
        .id = id,
        .to = to,
        .subject = STR("Mail from doteb works"),
        .text = STR("Whoever runs this instance of doteb asked for this mail, to see that mail "
                    "works. There is nothing to do.\n"),
        .html = STR(
            "<!doctype html>\n<html><body><p>Whoever runs this instance of doteb asked for "
            "this mail, to see that mail works. There is nothing to do.</p></body></html>\n"),
    };
    smtp_init();
    show_server(server.url);
    enum smtp_result result = smtp_send(&server, &mail, &ear, &r);
    return report(result, &r, to);
}

int cmd_mail_test(struct app *app, int argc, char *const *argv)
{
    const char *to = NULL;
    const struct arg table[] = {{.name = NULL, .what = "ADDRESS", .value = &to, .required = true}};
    if (!args_parse(argc, argv, table, ARRAY_LEN(table)))
        return 2;
    if (!mail_is_address(str_of(to))) {
        (void)complain("this is no e-mail address: ", to);
        return 2;
    }
    if (!*app->opt.smtp_url)
        return complain("DOTEB_SMTP_URL is not set", ": this instance sends no mail");
    return send_one(app, to);
}
