/* The JSON writer. Runs on whichever thread holds the buffer; no state but the caller's struct. */
#include "gateway/wire/json_write.h"

void json_write_init(struct json_write *w, struct buf *out)
{
    *w = (struct json_write){.out = out};
}

static uint64_t level(const struct json_write *w)
{
    return UINT64_C(1) << (w->depth - 1);
}

/* What stands before a value. */
static void lead(struct json_write *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->depth == 0)
        return;
    ASSERT(w->array & level(w));
    if (w->filled & level(w))
        buf_add_char(w->out, ',');
    w->filled |= level(w);
}

static void open(struct json_write *w, char c, bool array)
{
    lead(w);
    ASSERT(w->depth < JSON_WRITE_DEPTH_MAX);
    w->depth++;
    w->filled &= ~level(w);
    w->array = array ? w->array | level(w) : w->array & ~level(w);
    buf_add_char(w->out, c);
}

void jw_object(struct json_write *w)
{
    open(w, '{', false);
}

void jw_array(struct json_write *w)
{
    open(w, '[', true);
}

void jw_end(struct json_write *w)
{
    ASSERT(w->depth > 0 && !w->after_key);
    buf_add_char(w->out, w->array & level(w) ? ']' : '}');
    w->depth--;
}

static void lead_key(struct json_write *w)
{
    ASSERT(w->depth > 0 && !(w->array & level(w)) && !w->after_key);
    if (w->filled & level(w))
        buf_add_char(w->out, ',');
    w->filled |= level(w);
    w->after_key = true;
}

void jw_key_raw(struct json_write *w, struct str raw)
{
    lead_key(w);
    buf_add_char(w->out, '"');
    buf_add_str(w->out, raw);
    buf_add_lit(w->out, "\":");
}

void jw_key_string(struct json_write *w, struct str key)
{
    lead_key(w);
    buf_add_json(w->out, key);
    buf_add_char(w->out, ':');
}

void jw_key(struct json_write *w, const char *key)
{
    jw_key_raw(w, str_of(key));
}

void jw_raw(struct json_write *w, struct str json)
{
    lead(w);
    buf_add_str(w->out, json);
}

void jw_raw_line(struct json_write *w, struct str json)
{
    lead(w);
    while (json.len > 0) {
        /* Inside strings JSON has no line ends: those here stand between tokens. */
        size_t n = 0;
        while (n < json.len && json.p[n] != '\n' && json.p[n] != '\r')
            n++;
        buf_add(w->out, json.p, n);
        if (n == json.len)
            return;
        buf_add_char(w->out, ' ');
        json = str_make(json.p + n + 1, json.len - n - 1);
    }
}

void jw_text(struct json_write *w, struct str raw)
{
    jw_text_begin(w);
    buf_add_str(w->out, raw);
    jw_text_end(w);
}

void jw_string(struct json_write *w, struct str decoded)
{
    lead(w);
    buf_add_json(w->out, decoded);
}

void jw_i64(struct json_write *w, int64_t v)
{
    lead(w);
    buf_add_i64(w->out, v);
}

void jw_bool(struct json_write *w, bool v)
{
    jw_raw(w, v ? STR("true") : STR("false"));
}

void jw_text_begin(struct json_write *w)
{
    lead(w);
    buf_add_char(w->out, '"');
}

void jw_text_add(struct json_write *w, struct str raw)
{
    buf_add_str(w->out, raw);
}

void jw_text_end(struct json_write *w)
{
    buf_add_char(w->out, '"');
}

bool json_quote_into(struct str json, struct buf *out)
{
    static const char hex[] = "0123456789abcdef";
    size_t from = 0;
    if (json.len == 0) /* there may be no pointer to add to */
        return !out->failed;
    for (size_t i = 0; i < json.len; i++) {
        unsigned char c = (unsigned char)json.p[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_add(out, json.p + from, i - from);
        from = i + 1;
        if (c == '"' || c == '\\') {
            buf_add_char(out, '\\');
            buf_add_char(out, (char)c);
        } else if (c == '\n') {
            buf_add_lit(out, "\\n");
        } else {
            buf_add_lit(out, "\\u00");
            buf_add_char(out, hex[c >> 4]);
            buf_add_char(out, hex[c & 15]);
        }
    }
    return buf_add(out, json.p + from, json.len - from);
}
