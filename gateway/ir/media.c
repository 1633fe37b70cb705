/* The types of files that providers take. Pure; any thread. */
#include "gateway/ir/media.h"

static const struct {
    enum ir_kind kind;
    struct str type;
    struct str begin;
    size_t at; /* where a second mark stands, 0 nowhere */
    struct str mark;
} files[] = {
    {IR_IMAGE, STR("image/png"), STR("\x89PNG\r\n\x1a\n"), 0, STR("")},
    {IR_IMAGE, STR("image/jpeg"), STR("\xff\xd8\xff"), 0, STR("")},
    {IR_IMAGE, STR("image/gif"), STR("GIF87a"), 0, STR("")},
    {IR_IMAGE, STR("image/gif"), STR("GIF89a"), 0, STR("")},
    {IR_IMAGE, STR("image/webp"), STR("RIFF"), 8, STR("WEBP")},
    {IR_FILE, STR("application/pdf"), STR("%PDF-"), 0, STR("")},
};

struct str media_sniff(struct str head)
{
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        size_t at = files[i].at;
        if (str_starts(head, files[i].begin) && head.len >= at &&
            str_starts(str_make(head.p + at, head.len - at), files[i].mark))
            return files[i].type;
    }
    return STR("");
}

struct str media_label(struct str content_type)
{
    static const struct {
        struct str word, means;
    } also[] = {
        {STR("image/jpg"), STR("image/jpeg")},
        {STR("image/pjpeg"), STR("image/jpeg")},
        {STR("image/x-png"), STR("image/png")},
        {STR("application/x-pdf"), STR("application/pdf")},
        {STR("application/octet-stream"), STR("")},
        {STR("binary/octet-stream"), STR("")},
    };
    struct str word = str_trim(str_cut(&content_type, ';'));
    for (size_t i = 0; i < ARRAY_LEN(also); i++)
        if (str_ieq(word, also[i].word))
            return also[i].means;
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        if (str_ieq(word, files[i].type))
            return files[i].type;
    return word;
}

bool media_fits(enum ir_kind kind, struct str type)
{
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        if (files[i].kind == kind && str_eq(files[i].type, type))
            return true;
    return false;
}
