/* SMTP by libcurl's easy interface: plain text and HTML as two parts of one mail. The mailer's
 * thread. Never logs.
 */
#include "control/smtp.h"

#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "common/buf.h"

enum {
    CONNECT_MS = 10 * 1000,
    TOTAL_MS = 30 * 1000,
    HEADER_MAX = 4096,
    WORD_BYTES = 45, /* of text in one encoded word: 60 letters of Base64, under 75 in all */
};

struct stop {
    smtp_stop_fn *fn;
    void *arg;
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
    struct stop *stop = arg;
    (void)a, (void)b, (void)c, (void)d;
    return stop->fn(stop->arg) ? 1 : 0;
}

static void set_server(CURL *curl, const struct smtp_server *s, struct stop *stop)
{
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_URL, s->url);
    (void)curl_easy_setopt(curl, CURLOPT_USE_SSL, s->tls ? CURLUSESSL_ALL : CURLUSESSL_TRY);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TOTAL_MS);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, stop);
    if (s->username && *s->username) {
        (void)curl_easy_setopt(curl, CURLOPT_USERNAME, s->username);
        (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, s->password ? s->password : "");
    }
}

/* 5xx to a recipient or to the text itself stays; a refused login is the operator's to mend. */
static enum smtp_result judge(CURL *curl, CURLcode code)
{
    long status = 0;
    if (code == CURLE_OK)
        return SMTP_SENT;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    bool refused = status >= 550 && status <= 556 && code != CURLE_LOGIN_DENIED;
    return refused ? SMTP_REFUSED : SMTP_LATER;
}

enum smtp_result smtp_send(const struct smtp_server *s, const struct smtp_mail *m,
                           smtp_stop_fn *stop, void *arg, char err[SMTP_ERROR_BYTES])
{
    char text[CURL_ERROR_SIZE] = "", from[512];
    struct stop stopping = {.fn = stop, .arg = arg};
    struct str address = smtp_address(str_of(s->from));
    CURL *curl = curl_easy_init();
    ASSERT(curl);
    (void)snprintf(from, sizeof from, "<%.*s>", STR_ARG(address));
    struct curl_slist *to = curl_slist_append(NULL, m->to), *headers = headers_of(s, m);
    curl_mime *body = body_of(curl, m);
    set_server(curl, s, &stopping);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from);
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_MIMEPOST, body);
    CURLcode code = curl_easy_perform(curl);
    enum smtp_result result = judge(curl, code);
    (void)snprintf(err, SMTP_ERROR_BYTES, "%s", *text ? text : curl_easy_strerror(code));
    curl_easy_cleanup(curl);
    curl_mime_free(body);
    curl_slist_free_all(headers);
    curl_slist_free_all(to);
    return result;
}
