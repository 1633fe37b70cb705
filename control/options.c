/* The control daemon's configuration table, and the checks that need more than a type. Start-up
 * only. Never prints a secret.
 */
#include "control/options.h"

#include <stdio.h>

#include "common/guard.h"
#include "common/log.h"
#include "common/pg.h"
#include "control/smtp.h"

static const struct conf_row rows[] = {
#define CONF(field, t, n, d, lo, hi, h)                                                            \
    {.name = n,                                                                                    \
     .type = CONF_##t,                                                                             \
     .offset = offsetof(struct options, field),                                                    \
     .def = d,                                                                                     \
     .min = lo,                                                                                    \
     .max = hi,                                                                                    \
     .help = h},
#include "control/options.def"
#undef CONF
};

static bool is_http_url(struct str url)
{
    return str_starts(url, STR("https://")) || str_starts(url, STR("http://"));
}

static bool is_sender(struct str from)
{
    struct str address = smtp_address(from);
    for (size_t i = 0; i < from.len; i++)
        if (from.p[i] < ' ' || from.p[i] > '~')
            return false;
    ptrdiff_t at = str_find(address, '@');
    return at > 0 && (size_t)at + 1 < address.len && str_find(address, ' ') < 0;
}

bool options_mail_is_open(const struct options *o)
{
    struct str url = str_of(o->smtp_url);
    return str_starts(url, STR("smtp://")) && !o->smtp_tls && !smtp_is_near(url);
}

/* "" or what is wrong. */
static const char *mail_complaint(const struct options *o)
{
    struct str url = str_of(o->smtp_url);
    if (url.len == 0)
        return "";
    if (!str_starts(url, STR("smtp://")) && !str_starts(url, STR("smtps://")))
        return "DOTEB_SMTP_URL: give an smtp or smtps URL";
    if (!is_sender(str_of(o->smtp_from)))
        return "DOTEB_SMTP_FROM: give the sender as `doteb <doteb@example.com>`";
    if (options_mail_is_open(o) && (*o->smtp_username || smtp_has_login(url)))
        return "DOTEB_SMTP_TLS: with false, the login of DOTEB_SMTP_USERNAME would go to another "
               "machine for everybody on the way to read; name the server's authority in "
               "DOTEB_SMTP_CA_FILE and leave DOTEB_SMTP_TLS at true, or use its smtps:// port";
    if (!conf_may_read(o->smtp_ca_file))
        return "DOTEB_SMTP_CA_FILE: this file cannot be read";
    return "";
}

/* "" or what is wrong. */
static const char *complaint(struct options *o)
{
    struct str public = str_of(o->public_url), gateway = str_of(o->gateway_url);
    while (public.len && public.p[public.len - 1] == '/')
        o->public_url[--public.len] = '\0';
    if (!pg_is_url(o->database_url))
        return "DOTEB_DATABASE_URL: not a PostgreSQL URL (postgresql://user@host:port/name)";
    if (!is_http_url(public))
        return "DOTEB_PUBLIC_URL: give an http or https URL";
    if (!is_http_url(gateway) || !str_ends(gateway, STR("/v1")))
        return "DOTEB_GATEWAY_URL: give an http or https URL that ends in /v1";
    struct guard guard;
    if (!guard_parse(&guard, str_of(o->upstream_allow)))
        return "DOTEB_UPSTREAM_ALLOW: give networks as 10.1.0.0/16, separated by commas";
    struct address_nets proxies;
    if (!address_nets_parse(&proxies, str_of(o->trusted_proxies)))
        return "DOTEB_TRUSTED_PROXIES: give networks as 10.1.0.0/16, separated by commas";
    if (!log_set_level(str_of(o->log_level)))
        return "DOTEB_LOG_LEVEL: give debug, info, warn or error";
    struct str sign_up = str_of(o->sign_up);
    if (!str_eq(sign_up, STR("open")) && !str_eq(sign_up, STR("invite")) &&
        !str_eq(sign_up, STR("closed")))
        return "DOTEB_SIGNUP: give open, invite or closed";
    if (!conf_may_read(o->ca_file))
        return "DOTEB_CA_FILE: this file cannot be read";
    return mail_complaint(o);
}

bool options_load(struct options *o, char err[512])
{
    *o = (struct options){0};
    if (!conf_load(rows, ARRAY_LEN(rows), o, err))
        return false;
    const char *wrong = complaint(o);
    if (!*wrong)
        return true;
    (void)snprintf(err, 512, "%s", wrong);
    options_free(o);
    return false;
}

void options_free(struct options *o)
{
    conf_free(rows, ARRAY_LEN(rows), o);
}

void options_print(const struct options *o)
{
    conf_print(rows, ARRAY_LEN(rows), o);
}

void options_print_doc(void)
{
    conf_print_doc(rows, ARRAY_LEN(rows));
}
