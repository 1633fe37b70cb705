/* source: what a request's program is called, whatever it says of itself. */
#include "gateway/ledger/source.h"
#include "tests/unit/ledger_samples.h"
#include "tests/unit/unit.h"

static const struct {
    const char *source, *user_agent, *name;
} cases[] = {
    {"", "", ""},
    {"", "OpenAI/Python 2.8.1", ""},
    {"my-app", "", "my-app"},
    {"  My App ", "", "My App"},
    {" \t", "", ""},
    {"https://app.example", "", "app.example"},
    {"http://app.example/", "", "app.example"},
    {"HTTPS://WWW.App.Example/Chat/", "", "app.example/Chat"},
    {"www.app.example", "", "app.example"},
    {"www.App.example/a?b=c", "", "app.example/a"},
    {"app.example/a?b=c", "", "app.example/a?b=c"}, /* no address: a name as it is */
    {"https://app.example/a?token=secret#b", "", "app.example/a"},
    {"https://app.example?a=/", "", "app.example"},
    {"https://app.example#?/", "", "app.example"},
    {"https://app.example//", "", "app.example"},
    {"https://app.example:8443/a", "", "app.example:8443/a"},
    {"http://localhost:3000/", "", "localhost:3000"},
    {"http://[2001:DB8::1]:8080/A", "", "[2001:db8::1]:8080/A"},
    {"http://[::1]", "", "[::1]"},
    {"https://ada:secret@www.app.example/a", "", "app.example/a"},
    {"https://ada@b@app.example", "", "app.example"},
    {"https://app.example/@ada", "", "app.example/@ada"},
    {"https://app.example?a@b", "", "app.example"},
    {"https://xn--Bcher-KVA.example/", "", "xn--bcher-kva.example"},
    {"https://B\xc3\x9c"
     "cher.example/\xc3\x9c",
     "",
     "b\xc3\x9c"
     "cher.example/\xc3\x9c"},
    {"ftp://app.example/", "", "ftp://app.example/"},
    {"android-app://com.example", "", "android-app://com.example"},
    {"javascript:alert(1)", "", "javascript:alert(1)"},
    {"<b>\x01\x1b[31m</b>", "", "<b>  [31m</b>"},
    {"a\tb\r\nc\x7f", "", "a b  c"},
    {"\x01", "codex_exec/1", "codex"},
    {"https://", "", ""},
    {"https://ada:secret@", "", ""},
    {"https:///", "claude-cli/2.0.1 (external, cli)", "claude-code"},
    {"", "claude-cli/2.0.1 (external, cli)", "claude-code"},
    {"", "claude-code/2.0.1", "claude-code"},
    {"", "codex_cli_rs/0.46.0", "codex"},
    {"", "claude-cli", ""},
    {"", "not claude-cli/2", ""},
    {"ci", "codex_exec/0.46.0", "ci"},
};

START_TEST(sources_are_named)
{
    struct arena *a = arena_new(4096);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct ledger_open o = {.source = str_of(cases[i].source),
                                      .user_agent = str_of(cases[i].user_agent)};
        struct str name = source_name(&o, a);
        ck_assert_msg(str_eq(name, str_of(cases[i].name)), "%s: %.*s", cases[i].source,
                      (int)name.len, name.p);
    }
    arena_free(a);
}
END_TEST

/* What the record holds of a long one ends at a character's border, and so does the name. */
START_TEST(long_ones_are_cut_at_a_character)
{
    static uint8_t bytes[RECORD_OPEN_MAX_BYTES];
    struct arena *a = arena_new(4096);
    for (size_t letters = 90; letters <= 130; letters++) {
        char text[400] = "https://";
        size_t len = 8;
        for (size_t i = 0; i < letters; i++)
            text[len++] = 'A';
        for (size_t i = 0; i < 60; i++) {
            memcpy(text + len, "\xe2\x82\xac", 3);
            len += 3;
        }
        struct ledger_open o = sample_open(sample_uuid(0xAB));
        o.source = str_make(text, len);
        ck_assert(
            record_decode_open(str_make((const char *)bytes, record_encode_open(&o, bytes)), &o));
        struct str name = source_name(&o, a);
        ck_assert(str_is_utf8(name));
        ck_assert(name.len <= 120 && name.len > 117);
        ck_assert_int_eq(name.p[0], 'a');
    }
    arena_free(a);
}
END_TEST

UNIT_MAIN("source", sources_are_named, long_ones_are_cut_at_a_character)
