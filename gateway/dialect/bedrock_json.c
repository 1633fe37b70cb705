/* Texts, and JSON that stands in strings elsewhere. Pure; memory from the arena. */
#include "gateway/dialect/bedrock_priv.h"

struct str bedrock_json_value(const struct ir_json *json, struct arena *a)
{
    struct json_scan s;
    struct str text = json->raw;
    if (json->quoted && text.len > 0) {
        char *p = arena_alloc(a, text.len);
        text = str_make(p, json_decode_into(text, p));
    }
    text = str_trim(text);
    if (text.len == 0)
        return STR("{}");
    json_scan_init(&s, text, false);
    enum json_token t = json_scan_next(&s);
    if (t == JSON_ERROR || t == JSON_END || !json_scan_value(&s, t).p ||
        json_scan_next(&s) != JSON_END)
        return STR_NULL;
    return text;
}

bool bedrock_is_blob(struct str raw)
{
    size_t n = raw.len;
    while (n > 0 && raw.p[n - 1] == '=')
        n--;
    for (size_t i = 0; i < n; i++) {
        char c = raw.p[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '+' || c == '/';
        if (!good)
            return false;
    }
    return n > 0 && raw.len % 4 == 0 && raw.len - n <= 2;
}
