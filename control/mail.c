/* Queues mails and turns their text into HTML. Job threads and the mailer's. */
#include "control/mail.h"

#include "common/clock.h"
#include "common/mem.h"
#include "control/store/mail_store.h"

enum { SUBJECT_MAX = 256 };

bool mail_possible(const struct app *app)
{
    return *app->opt.smtp_url || app->opt.mail_log;
}

struct smtp_server mail_server(const struct app *app)
{
    return (struct smtp_server){
        .url = app->opt.smtp_url,
        .username = app->opt.smtp_username,
        .password = app->opt.smtp_password,
        .from = app->opt.smtp_from,
        .ca_file = app->opt.smtp_ca_file,
        .tls = app->opt.smtp_tls,
    };
}

bool mail_is_address(struct str s)
{
    ptrdiff_t at = str_find(s, '@');
    if (at < 1 || (size_t)at + 1 >= s.len || s.len > MAIL_ADDRESS_MAX || !str_is_utf8(s))
        return false;
    struct str domain = str_make(s.p + at + 1, s.len - (size_t)at - 1);
    if (str_find(domain, '@') >= 0)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f ||
            str_find(STR("<>\",;:\\()[]"), s.p[i]) >= 0)
            return false;
    return true;
}

enum pg_err mail_send(const struct app *app, struct pg *pg, struct str to, struct str subject,
                      struct str text)
{
    char line[SUBJECT_MAX];
    ASSERT(text.len <= MAIL_TEXT_MAX);
    size_t n = subject.len < sizeof line ? subject.len : sizeof line;
    while (n && !str_is_utf8(str_make(subject.p, n)))
        n--;
    for (size_t i = 0; i < n; i++)
        line[i] = (unsigned char)subject.p[i] < ' ' ? ' ' : subject.p[i];
    struct uuid id = uuid_v7(clock_wall_us());
    struct crypto_aad aad = aad_mail(id);
    size_t len = text.len + CRYPTO_SEAL_OVERHEAD;
    uint8_t *sealed = xmalloc(len);
    master_seal(app->master, text, str_make(aad.p, aad.len), sealed);
    const struct mail_new m = {
        .id = id,
        .recipient = to,
        .subject = str_make(line, n),
        .text_sealed = str_make((const char *)sealed, len),
    };
    enum pg_err e = mail_store_add(pg, &m);
    xfree(sealed);
    return e;
}

static void add_escaped(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        switch (s.p[i]) {
        case '&':
            (void)buf_add_lit(out, "&amp;");
            break;
        case '<':
            (void)buf_add_lit(out, "&lt;");
            break;
        case '>':
            (void)buf_add_lit(out, "&gt;");
            break;
        case '"':
            (void)buf_add_lit(out, "&quot;");
            break;
        default:
            (void)buf_add_char(out, s.p[i]);
        }
}

/* Only addresses of ours: a name that somebody chose never becomes a link. */
static bool is_link(const struct app *app, struct str line)
{
    struct str root = str_of(app->opt.public_url);
    return str_starts(line, root) && line.len > root.len && line.p[root.len] == '/' &&
           str_find(line, ' ') < 0;
}

static void add_line(const struct app *app, struct buf *out, struct str line)
{
    if (!is_link(app, line)) {
        add_escaped(out, line);
        return;
    }
    (void)buf_add_lit(out, "<a href=\"");
    add_escaped(out, line);
    (void)buf_add_lit(out, "\">");
    add_escaped(out, line);
    (void)buf_add_lit(out, "</a>");
}

void mail_html(const struct app *app, struct str text, struct buf *out)
{
    (void)buf_add_lit(out, "<!doctype html>\n<html><body style=\"font: 15px/1.5 sans-serif; "
                           "max-width: 34em\">\n<p>");
    bool begun = false, blank = false;
    for (struct str rest = text; rest.p;) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        if (line.len == 0) {
            blank = begun;
            continue;
        }
        if (begun)
            (void)buf_add_str(out, blank ? STR("</p>\n<p>") : STR("<br>\n"));
        add_line(app, out, line);
        begun = true;
        blank = false;
    }
    (void)buf_add_lit(out, "</p>\n</body></html>\n");
}
