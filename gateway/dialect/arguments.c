/* Writes arguments of calls in either form. Pure; any thread. It never changes a byte of the
 * arguments but for quoting and unquoting them.
 */
#include "gateway/dialect/arguments.h"

#include "gateway/wire/json_scan.h"

bool args_add_json(struct ir_json json, struct buf *out)
{
    return json.quoted ? json_decode(json.raw, out) : buf_add_str(out, json.raw);
}

/* Nothing was given, in one of the ways in which models say so. */
static bool is_none(struct str text)
{
    text = str_trim(text);
    return text.len == 0 || str_eq(text, STR("null"));
}

static bool is_object(struct str text)
{
    struct json_scan s;
    json_scan_init(&s, text, false);
    if (json_scan_next(&s) != JSON_OBJECT_BEGIN)
        return false;
    return json_scan_value(&s, JSON_OBJECT_BEGIN).p && json_scan_next(&s) == JSON_END;
}

bool args_write_object(struct json_write *w, struct ir_json json)
{
    struct buf b;
    buf_init(&b, json.raw.len + 1);
    bool good = args_add_json(json, &b);
    struct str text = buf_str(&b);
    if (good && is_none(text))
        jw_lit(w, "{}");
    else if (good && (good = is_object(text)))
        jw_raw_line(w, str_trim(text));
    buf_fini(&b);
    return good;
}

void args_write_object_anyhow(struct json_write *w, struct ir_json json)
{
    if (args_write_object(w, json))
        return;
    jw_object(w);
    jw_key(w, "arguments");
    args_write_fragment(w, json);
    jw_end(w);
}

void args_write_fragment(struct json_write *w, struct ir_json json)
{
    jw_text_begin(w);
    if (json.quoted)
        jw_text_add(w, json.raw);
    else
        json_quote_into(json.raw, w->out);
    jw_text_end(w);
}

void args_write_string(struct json_write *w, struct ir_json json)
{
    if (is_none(json.raw))
        jw_lit(w, "\"{}\"");
    else
        args_write_fragment(w, json);
}
