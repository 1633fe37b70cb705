/* SMTP by libcurl's easy interface: plain text and HTML as two parts of one mail. The mailer's
 * thread. Never logs.
 */
#include "control/smtp.h"

#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "common/address.h"
#include "common/buf.h"

enum {
    CONNECT_MS = 10 * 1000, /* to the end of the login */
    TOTAL_MS = 30 * 1000,
    ANSWER_S = 20, /* to one line; also to QUIT after a failure, beyond the rest */
    HEADER_MAX = 4096,
    WORD_BYTES = 45, /* of text in one encoded word: 60 letters of Base64, under 75 in all */
};

/* How far the conversation is. What comes before RECIPIENT is the operator's to mend, the rest may
 * be the mail's own fault. */
enum stage { STAGE_OPENING, STAGE_SENDER, STAGE_RECIPIENT };

struct talk {
    const struct smtp_ear *ear;
    struct smtp_report *report;
    enum stage stage;
    bool bye; /* what is answered to that is nobody's answer to the mail */
};

void smtp_init(void)
{
    ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

struct str smtp_address(struct str mailbox)
{
    ptrdiff_t open = str_find(mailbox, '<');
    if (open < 0)
        return str_trim(mailbox);
    struct str rest = str_make(mailbox.p + open + 1, mailbox.len - (size_t)open - 1);
    ptrdiff_t close = str_find(rest, '>');
    return str_trim(close < 0 ? rest : str_make(rest.p, (size_t)close));
}

/* What is between the scheme and the path. */
static struct str authority_of(struct str url)
{
    ptrdiff_t scheme = str_find(url, ':');
    size_t from = scheme < 0 ? 0 : (size_t)scheme + 1;
    while (from < url.len && url.p[from] == '/')
        from++;
    struct str rest = str_make(url.p + from, url.len - from);
    return str_cut(&rest, '/');
}

bool smtp_has_login(struct str url)
{
    return str_find(authority_of(url), '@') >= 0;
}

bool smtp_is_near(struct str url)
{
    static const uint8_t v4[13] = {[10] = 0xff, [11] = 0xff, [12] = 127}, v6[16] = {[15] = 1};
    uint8_t address[16];
    struct str host = authority_of(url);
    for (ptrdiff_t at; (at = str_find(host, '@')) >= 0;)
        host = str_make(host.p + at + 1, host.len - (size_t)at - 1);
    if (address_parse(host, true, address))
        return memcmp(address, v4, sizeof v4) == 0 || memcmp(address, v6, sizeof v6) == 0;
    host = str_cut(&host, ':');
    return str_ieq(host, STR("localhost"));
}

/* Text of a header: as it is, or in RFC 2047's encoded words. A line end would begin a header. */
static void add_words(struct buf *out, struct str s)
{
    bool plain = true;
    for (size_t i = 0; i < s.len; i++)
        plain = plain && s.p[i] >= ' ' && s.p[i] <= '~';
    if (plain) {
        (void)buf_add_str(out, s);
        return;
    }
    for (size_t at = 0; at < s.len;) {
        char text[WORD_BYTES * 2];
        size_t n = 0;
        for (size_t step; at + n < s.len; n += step) {
            step = str_utf8_len(str_make(s.p + at + n, s.len - at - n));
            step = step ? step : 1;
            if (n + step > WORD_BYTES)
                break;
        }
        (void)sodium_bin2base64(text, sizeof text, (const uint8_t *)s.p + at, n,
                                sodium_base64_VARIANT_ORIGINAL);
        (void)buf_printf(out, "%s=?UTF-8?B?%s?=", at ? "\r\n " : "", text);
        at += n;
    }
}

static struct curl_slist *add_header(struct curl_slist *list, struct buf *line)
{
    (void)buf_add_char(line, '\0');
    struct curl_slist *longer = line->failed ? NULL : curl_slist_append(list, line->p);
    ASSERT(longer);
    buf_reset(line);
    return longer;
}

static struct curl_slist *headers_of(const struct smtp_server *s, const struct smtp_mail *m)
{
    struct buf line;
    struct tm tm;
    char date[64];
    time_t now = time(NULL);
    struct str from = smtp_address(str_of(s->from));
    ptrdiff_t at = str_find(from, '@');
    (void)gmtime_r(&now, &tm);
    (void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
    buf_init(&line, HEADER_MAX);
    (void)buf_printf(&line, "Date: %s", date);
    struct curl_slist *list = add_header(NULL, &line);
    (void)buf_printf(&line, "From: %s", s->from);
    list = add_header(list, &line);
    (void)buf_printf(&line, "To: <%s>", m->to);
    list = add_header(list, &line);
    (void)buf_printf(&line, "Subject: ");
    add_words(&line, m->subject);
    list = add_header(list, &line);
    (void)buf_printf(&line, "Message-ID: <%s@%.*s>", m->id, (int)(from.len - (size_t)at - 1),
                     from.p + at + 1);
    list = add_header(list, &line);
    (void)buf_printf(&line, "Auto-Submitted: auto-generated");
    list = add_header(list, &line);
    buf_fini(&line);
    return list;
}

static void add_part(curl_mime *mime, const char *type, struct str data)
{
    curl_mimepart *part = curl_mime_addpart(mime);
    ASSERT(part && curl_mime_data(part, data.p, data.len) == CURLE_OK);
    ASSERT(curl_mime_type(part, type) == CURLE_OK);
    ASSERT(curl_mime_encoder(part, "quoted-printable") == CURLE_OK);
}

/* Text and HTML, of which a reader shows one. */
static curl_mime *body_of(CURL *curl, const struct smtp_mail *m)
{
    curl_mime *both = curl_mime_init(curl), *mail = curl_mime_init(curl);
    struct curl_slist *type = curl_slist_append(NULL, "Content-Type: multipart/alternative");
    ASSERT(both && mail && type);
    add_part(both, "text/plain; charset=utf-8", m->text);
    add_part(both, "text/html; charset=utf-8", m->html);
    curl_mimepart *part = curl_mime_addpart(mail);
    ASSERT(part && curl_mime_subparts(part, both) == CURLE_OK);
    ASSERT(curl_mime_headers(part, type, 1) == CURLE_OK);
    return mail;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct talk *talk = arg;
    (void)a, (void)b, (void)c, (void)d;
    return talk->ear->stop(talk->ear->arg) ? 1 : 0;
}

/* Of what we say, these lines are no secret. */
static bool may_be_told(struct str line)
{
    static const char *const verbs[] = {"EHLO", "HELO", "STARTTLS", "MAIL ", "RCPT ",
                                        "DATA", "QUIT", "RSET",     "NOOP"};
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (str_starts(line, str_of(verbs[i])))
            return true;
    return false;
}

static void on_line(struct talk *talk, bool ours, struct str line)
{
    if (ours && str_starts(line, STR("MAIL ")))
        talk->stage = STAGE_SENDER;
    else if (ours && str_starts(line, STR("RCPT ")))
        talk->stage = STAGE_RECIPIENT;
    talk->bye |= ours && str_starts(line, STR("QUIT"));
    if (!ours && !talk->bye)
        (void)snprintf(talk->report->answer, SMTP_ERROR_BYTES, STR_FMT, STR_ARG(line));
    if (ours && !may_be_told(line))
        line = STR("(credentials)");
    if (talk->ear->line)
        talk->ear->line(talk->ear->arg, ours, line);
}

/* libcurl's own notes, and the mail, are passed over. */
static int on_debug(CURL *curl, curl_infotype type, char *data, size_t size, void *arg)
{
    (void)curl;
    struct str rest = str_make(data, size);
    if (type != CURLINFO_HEADER_IN && type != CURLINFO_HEADER_OUT)
        return 0;
    while (rest.p) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        if (line.len)
            on_line(arg, type == CURLINFO_HEADER_OUT, line);
    }
    return 0;
}

/* Where clear text will do, so will a certificate that nobody vouches for: who could show a false
 * one could as well say that there is no STARTTLS (`smtps://` promises more, and keeps it). No
 * login goes that way to another machine (options.c). */
static void set_tls(CURL *curl, const struct smtp_server *s)
{
    bool proven = s->tls || str_starts(str_of(s->url), STR("smtps:"));
    (void)curl_easy_setopt(curl, CURLOPT_USE_SSL, s->tls ? CURLUSESSL_ALL : CURLUSESSL_TRY);
    (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, proven ? 1L : 0L);
    (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, proven ? 2L : 0L);
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    if (*s->ca_file)
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, s->ca_file);
}

static void set_server(CURL *curl, const struct smtp_server *s, struct talk *talk)
{
    set_tls(curl, s);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_URL, s->url);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TOTAL_MS);
    (void)curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)ANSWER_S);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, talk);
    (void)curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
    (void)curl_easy_setopt(curl, CURLOPT_DEBUGDATA, talk);
    if (s->username && *s->username) {
        (void)curl_easy_setopt(curl, CURLOPT_USERNAME, s->username);
        (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, s->password ? s->password : "");
    }
}

/* 5xx to a recipient or to the text itself stays; what a server holds against us (a login, a
 * sender, a policy: RFC 3463's class 7) is the operator's to mend. */
static enum smtp_result judge(CURL *curl, CURLcode code, const struct talk *talk)
{
    long status = 0;
    struct str answer = str_of(talk->report->answer);
    if (code == CURLE_OK)
        return SMTP_SENT;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    bool policy = answer.len > 6 && str_starts(str_make(answer.p + 4, answer.len - 4), STR("5.7."));
    bool refused = status >= 550 && status <= 556 && talk->stage == STAGE_RECIPIENT && !policy;
    return refused ? SMTP_REFUSED : SMTP_LATER;
}

static const struct {
    CURLcode code;
    const char *advice;
} advices[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "DOTEB_SMTP_URL names a host that is not known here"},
    {CURLE_COULDNT_CONNECT, "nobody takes connections at DOTEB_SMTP_URL: look at host and port, "
                            "and at what firewalls let out"},
    {CURLE_OPERATION_TIMEDOUT, "look at host and port of DOTEB_SMTP_URL: port 465 wants smtps://, "
                               "587 smtp://; a firewall may swallow what is sent"},
    {CURLE_SSL_CONNECT_ERROR, "look at DOTEB_SMTP_URL: smtps:// is for a port that begins with TLS "
                              "(465), smtp:// for one with STARTTLS (587)"},
    {CURLE_WEIRD_SERVER_REPLY, "look at DOTEB_SMTP_URL and at the server's answer"},
    {CURLE_USE_SSL_FAILED, "the server offers no STARTTLS, so nothing was sent: use its smtps:// "
                           "port, or DOTEB_SMTP_TLS=false for a server on the same machine"},
    {CURLE_PEER_FAILED_VERIFICATION,
     "the server's certificate is not trusted, so nothing was sent: name its authority's PEM file "
     "in DOTEB_SMTP_CA_FILE, and the host in DOTEB_SMTP_URL as its certificate does"},
    {CURLE_SSL_CACERT_BADFILE, "DOTEB_SMTP_CA_FILE cannot be read as a PEM file"},
    {CURLE_LOGIN_DENIED, "the server refuses the login: look at DOTEB_SMTP_USERNAME and "
                         "DOTEB_SMTP_PASSWORD"},
};

static const char *advice_for(CURLcode code, const struct talk *talk, enum smtp_result result)
{
    if (code == CURLE_OPERATION_TIMEDOUT && *talk->report->answer)
        return "the server stopped answering in the middle; its own log may say why";
    for (size_t i = 0; i < ARRAY_LEN(advices); i++)
        if (advices[i].code == code && talk->stage == STAGE_OPENING)
            return advices[i].advice;
    if (result == SMTP_LATER && *talk->report->answer == '5')
        return "the server takes no mail from this sender or machine: look at DOTEB_SMTP_FROM, "
               "DOTEB_SMTP_USERNAME and at what the server lets pass";
    return "";
}

/* Says goodbye without waiting for the answer, for which libcurl has two minutes: meanwhile the
 * mail would count as not sent, and be sent again. */
static void leave(CURL *curl)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD)
        (void)shutdown(fd, SHUT_RD);
}

enum smtp_result smtp_send(const struct smtp_server *s, const struct smtp_mail *m,
                           const struct smtp_ear *ear, struct smtp_report *report)
{
    char text[CURL_ERROR_SIZE] = "", from[512];
    struct talk talk = {.ear = ear, .report = report};
    struct str address = smtp_address(str_of(s->from));
    *report = (struct smtp_report){.advice = ""};
    CURL *curl = curl_easy_init();
    ASSERT(curl);
    (void)snprintf(from, sizeof from, "<%.*s>", STR_ARG(address));
    struct curl_slist *to = curl_slist_append(NULL, m->to), *headers = headers_of(s, m);
    curl_mime *body = body_of(curl, m);
    set_server(curl, s, &talk);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from);
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_MIMEPOST, body);
    CURLcode code = curl_easy_perform(curl);
    enum smtp_result result = judge(curl, code, &talk);
    if (code != CURLE_OK) {
        report->advice = advice_for(code, &talk, result);
        (void)snprintf(report->error, sizeof report->error, "%s",
                       *text ? text : curl_easy_strerror(code));
    }
    leave(curl);
    curl_easy_cleanup(curl);
    curl_mime_free(body);
    curl_slist_free_all(headers);
    curl_slist_free_all(to);
    return result;
}
