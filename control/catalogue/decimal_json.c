/* Rewrites number tokens to marked strings, then lets jansson parse. The scan only tells strings
 * from the rest; whatever is no JSON before is no JSON after. Command line only.
 */
#include "control/catalogue/decimal_json.h"

#include <stdio.h>

#include "common/buf.h"

enum { MARK = 0x1f, ERR_BYTES = 256 };

static bool is_number_char(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static bool is_number_start(char c)
{
    return (c >= '0' && c <= '9') || c == '-';
}

static size_t digits_end(struct str s, size_t at)
{
    while (at < s.len && s.p[at] >= '0' && s.p[at] <= '9')
        at++;
    return at;
}

/* RFC 8259: -? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)? */
static bool is_number(struct str s)
{
    size_t first = s.len > 0 && s.p[0] == '-';
    size_t i = digits_end(s, first);
    if (i == first || (s.p[first] == '0' && i > first + 1))
        return false;
    for (int part = 0; part < 2 && i < s.len; part++) {
        bool exponent = s.p[i] == 'e' || s.p[i] == 'E';
        if (!exponent && (s.p[i] != '.' || part == 1))
            return false;
        i++;
        i += exponent && i < s.len && (s.p[i] == '-' || s.p[i] == '+');
        size_t digits = i;
        i = digits_end(s, i);
        if (i == digits || (exponent && i < s.len))
            return false;
    }
    return i == s.len;
}

/* The end of the string that begins at `at` (its closing quote), or the text's end. */
static size_t string_end(struct str t, size_t at)
{
    for (size_t i = at + 1; i < t.len; i++) {
        if (t.p[i] == '\\')
            i++;
        else if (t.p[i] == '"')
            return i;
    }
    return t.len - 1;
}

/* Copies `text` with its numbers as marked strings. False: a malformed number, or too long. */
static bool mark_numbers(struct str text, struct buf *out)
{
    for (size_t i = 0; i < text.len;) {
        size_t end = i;
        if (text.p[i] == '"') {
            end = string_end(text, i) + 1;
            (void)buf_add(out, text.p + i, end - i);
        } else if (is_number_start(text.p[i])) {
            while (end < text.len && is_number_char(text.p[end]))
                end++;
            struct str number = str_make(text.p + i, end - i);
            if (!is_number(number))
                return false;
            (void)buf_add_lit(out, "\"\\u001f");
            (void)buf_add_str(out, number);
            (void)buf_add_char(out, '"');
        } else {
            (void)buf_add_char(out, text.p[end++]);
        }
        i = end;
    }
    return !out->failed;
}

json_t *decimal_json_parse(struct str text, char err[256])
{
    json_error_t why;
    struct buf marked;
    json_t *root = NULL;
    if (text.len > DECIMAL_JSON_MAX_BYTES) {
        (void)snprintf(err, ERR_BYTES, "the file is over 64 MB");
        return NULL;
    }
    if (str_find_str(text, STR("\\u001f")) >= 0 || str_find_str(text, STR("\\u001F")) >= 0) {
        (void)snprintf(err, ERR_BYTES, "the file has a control character in a string");
        return NULL;
    }
    buf_init(&marked, (size_t)DECIMAL_JSON_MAX_BYTES * 4);
    if (!mark_numbers(text, &marked))
        (void)snprintf(err, ERR_BYTES, "the file has a malformed number");
    else if (!(root = json_loadb(marked.p ? marked.p : "", marked.len, JSON_REJECT_DUPLICATES,
                                 &why)))
        (void)snprintf(err, ERR_BYTES, "not valid JSON, line %d: %.180s", why.line, why.text);
    buf_fini(&marked);
    return root;
}

struct str decimal_json_number(const json_t *v)
{
    struct str s = str_make(json_string_value(v), json_string_length(v));
    return s.p && s.len > 1 && s.p[0] == MARK ? str_make(s.p + 1, s.len - 1) : STR_NULL;
}

bool decimal_json_integer(const json_t *v, int64_t *out)
{
    struct str s = decimal_json_number(v);
    return s.p && str_to_i64(s, out) && *out >= 0 && *out <= (INT64_C(1) << 53);
}
