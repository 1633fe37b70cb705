/* media: what a file is, by its first bytes and by its label. */
#include "gateway/ir/media.h"
#include "tests/unit/unit.h"

START_TEST(files_are_known_by_how_they_begin)
{
    const struct {
        struct str head;
        const char *type;
    } cases[] = {
        {STR("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "image/png"},
        {STR("\xff\xd8\xff\xe0\0\x10JFIF"), "image/jpeg"},
        {STR("GIF87a\1\0"), "image/gif"},
        {STR("GIF89a"), "image/gif"},
        {STR("RIFF\x24\0\0\0WEBPVP8 "), "image/webp"},
        {STR("%PDF-1.7\n"), "application/pdf"},
        {STR("RIFF\x24\0\0\0WAVEfmt "), ""},
        {STR("RIFF\x24\0\0\0WEB"), ""},
        {STR("RIFF"), ""},
        {STR("GIF90a"), ""},
        {STR("\xff\xd8"), ""},
        {STR("<svg/>"), ""},
        {STR(" %PDF-1.7"), ""},
        {STR(""), ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        ck_assert_text(media_sniff(cases[i].head), cases[i].type);
}
END_TEST

START_TEST(labels_have_one_spelling)
{
    static const struct {
        const char *given, *means;
    } cases[] = {
        {"image/png", "image/png"},
        {"IMAGE/JPG ; charset=binary", "image/jpeg"},
        {"image/pjpeg", "image/jpeg"},
        {"application/x-pdf", "application/pdf"},
        {"application/octet-stream", ""},
        {"Binary/Octet-Stream", ""},
        {"text/html; charset=utf-8", "text/html"},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        ck_assert_text(media_label(str_of(cases[i].given)), cases[i].means);
}
END_TEST

START_TEST(kinds_have_their_types)
{
    ck_assert(media_fits(IR_IMAGE, STR("image/webp")) &&
              media_fits(IR_FILE, STR("application/pdf")));
    ck_assert(!media_fits(IR_FILE, STR("image/png")) &&
              !media_fits(IR_IMAGE, STR("application/pdf")));
    ck_assert(!media_fits(IR_IMAGE, STR("")) && !media_fits(IR_IMAGE, STR("image/svg+xml")));
    ck_assert(!media_fits(IR_AUDIO, STR("image/png")));
}
END_TEST

UNIT_MAIN("media", files_are_known_by_how_they_begin, labels_have_one_spelling,
          kinds_have_their_types)
