/* Mail: what counts as an address, and a text's HTML part. */
#include "control/mail.h"
#include "control/smtp.h"
#include "tests/unit/unit.h"

START_TEST(knows_addresses)
{
    static const struct {
        const char *text;
        bool ok;
    } rows[] = {
        {"a@b", true},
        {"first.last+tag@mail.example.com", true},
        {"jos\xc3\xa9@ex\xc3\xa4mple.com", true},
        {"", false},
        {"a", false},
        {"@b", false},
        {"a@", false},
        {"a@b@c", false},
        {"a b@c", false},
        {"a@b\r\nBcc: c@d", false},
        {"a@b\x7f", false},
        {"<a@b>", false},
        {"a@b,c@d", false},
        {"\"a\"@b", false},
        {"a@b\xff", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_msg(mail_is_address(str_of(rows[i].text)) == rows[i].ok, "%s", rows[i].text);
}
END_TEST

START_TEST(finds_the_address_of_a_mailbox)
{
    static const char *const rows[][2] = {
        {"a@b", "a@b"}, {"Doteb <a@b>", "a@b"}, {" <a@b ", "a@b"}, {"", ""}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert(str_eq(smtp_address(str_of(rows[i][0])), str_of(rows[i][1])));
}
END_TEST

/* The paragraphs alone. */
static void check_html(const char *text, const char *want)
{
    char url[] = "https://doteb.example.com";
    struct app app = {.opt.public_url = url};
    struct buf out;
    buf_init(&out, 4096);
    mail_html(&app, str_of(text), &out);
    struct str html = buf_str(&out);
    ptrdiff_t begin = str_find_str(html, STR("<p>")), end = str_find_str(html, STR("</body>"));
    ck_assert(begin > 0 && end > begin);
    struct str got = str_make(html.p + begin, (size_t)(end - begin));
    ck_assert_msg(str_eq(got, str_of(want)), "%.*s", STR_ARG(got));
    buf_fini(&out);
}

START_TEST(makes_paragraphs)
{
    check_html("Hello,\n\none\ntwo\n\n\nthree\n",
               "<p>Hello,</p>\n<p>one<br>\ntwo</p>\n<p>three</p>\n");
}
END_TEST

START_TEST(what_people_wrote_stays_text)
{
    check_html("<b>&\"", "<p>&lt;b&gt;&amp;&quot;</p>\n");
}
END_TEST

START_TEST(links_only_to_the_instance)
{
    check_html("https://doteb.example.com/verify#a",
               "<p><a href=\"https://doteb.example.com/verify#a\">"
               "https://doteb.example.com/verify#a</a></p>\n");
    check_html("https://evil.example.com/", "<p>https://evil.example.com/</p>\n");
    check_html("https://doteb.example.com.evil.com/",
               "<p>https://doteb.example.com.evil.com/</p>\n");
    check_html("https://doteb.example.com/ x", "<p>https://doteb.example.com/ x</p>\n");
}
END_TEST

UNIT_MAIN("mail", knows_addresses, finds_the_address_of_a_mailbox, makes_paragraphs,
          what_people_wrote_stays_text, links_only_to_the_instance)
