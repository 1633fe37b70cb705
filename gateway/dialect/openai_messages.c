/* Reads `messages` of a chat request: every message is an object with a role, and what kinds of
 * content there are. Pure; never keeps a word of them.
 */
#include "gateway/dialect/openai_fields.h"

#include <stdarg.h>
#include <stdio.h>

PRINTF_LIKE(2, 3) static struct str field_name(struct openai_reader *r, const char *fmt, ...)
{
    char text[64];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return arena_str(r->a, str_of(text));
}

static void note_part(struct openai_reader *r)
{
    if (json_scan_is(&r->s, STR("image_url")))
        r->out->has_images = true;
    else if (json_scan_is(&r->s, STR("input_audio")))
        r->out->has_audio = true;
}

/* One part of a content array; its `{` was the last token. */
static bool read_part(struct openai_reader *r)
{
    enum json_token t;
    while ((t = json_scan_next(&r->s)) == JSON_KEY) {
        bool is_type = json_scan_is(&r->s, STR("type"));
        t = json_scan_next(&r->s);
        if (is_type && t == JSON_STRING)
            note_part(r);
        if (!json_scan_value(&r->s, t).p)
            return false;
    }
    return t == JSON_OBJECT_END;
}

static bool read_content(struct openai_reader *r, enum json_token t, size_t i)
{
    const unsigned types = 1 << JSON_STRING | 1 << JSON_ARRAY_BEGIN;
    if (t == JSON_ERROR)
        return false;
    if (t != JSON_NULL && !(types >> t & 1))
        return openai_refuse_type(r, field_name(r, "messages[%zu].content", i), types, t);
    if (t != JSON_ARRAY_BEGIN)
        return true;
    while ((t = json_scan_next(&r->s)) != JSON_ARRAY_END) {
        bool good = t == JSON_OBJECT_BEGIN ? read_part(r) : json_scan_value(&r->s, t).p != NULL;
        if (!good)
            return false;
    }
    return true;
}

/* One message; its `{` was the last token. */
static bool read_message(struct openai_reader *r, size_t i)
{
    enum json_token t;
    bool has_role = false;
    while ((t = json_scan_next(&r->s)) == JSON_KEY) {
        bool is_role = json_scan_is(&r->s, STR("role"));
        bool is_content = json_scan_is(&r->s, STR("content"));
        t = json_scan_next(&r->s);
        if (is_role && t != JSON_STRING && t != JSON_ERROR)
            return openai_refuse_type(r, field_name(r, "messages[%zu].role", i), 1 << JSON_STRING,
                                      t);
        has_role |= is_role;
        bool good = is_content ? read_content(r, t, i) : json_scan_value(&r->s, t).p != NULL;
        if (!good)
            return false;
    }
    if (t != JSON_OBJECT_END)
        return false;
    if (!has_role)
        return openai_refuse(r, E_MISSING_FIELD, field_name(r, "messages[%zu].role", i),
                             "The required field 'messages[%zu].role' is missing.", i);
    return true;
}

bool openai_read_messages(struct openai_reader *r, const struct openai_field *f, enum json_token t)
{
    size_t n = 0;
    for (; (t = json_scan_next(&r->s)) != JSON_ARRAY_END; n++) {
        if (t == JSON_ERROR)
            return false;
        if (t != JSON_OBJECT_BEGIN)
            return openai_refuse_type(r, field_name(r, "messages[%zu]", n), 1 << JSON_OBJECT_BEGIN,
                                      t);
        if (!read_message(r, n))
            return false;
    }
    if (n == 0)
        return openai_refuse(r, E_BAD_FIELD, f->name, "'messages' must hold at least one message.");
    return true;
}
