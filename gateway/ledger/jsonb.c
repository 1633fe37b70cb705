/* The limits of jsonb: half of a surrogate pair, NUL and numbers beyond numeric's range are
 * errors there, and an error would cost the whole batch. Runs on the ledger's writer thread.
 */
#include "gateway/ledger/jsonb.h"

#include "gateway/wire/json_scan.h"
#include "gateway/wire/json_text.h"

enum { NUMBER_MAX_BYTES = 64, EXPONENT_MAX = 200 };

static unsigned hex4(const char *p)
{
    unsigned v = 0;
    for (int i = 0; i < 4; i++)
        v = v << 4 | (unsigned)json_hex(p[i]);
    return v;
}

/* `raw` is grammatical: each backslash has its letter, each \u its four digits. */
static bool string_fits(struct str raw)
{
    for (size_t i = 0; i + 1 < raw.len; i++) {
        if (raw.p[i] != '\\')
            continue;
        i++;
        if (raw.p[i] != 'u')
            continue;
        unsigned c = hex4(raw.p + i + 1);
        i += 4;
        if (c == 0 || (c >= 0xDC00 && c <= 0xDFFF))
            return false;
        if (c < 0xD800 || c > 0xDBFF)
            continue;
        if (i + 6 >= raw.len || raw.p[i + 1] != '\\' || raw.p[i + 2] != 'u')
            return false;
        c = hex4(raw.p + i + 3);
        i += 6;
        if (c < 0xDC00 || c > 0xDFFF)
            return false;
    }
    return true;
}

static bool number_fits(struct str raw)
{
    if (raw.len > NUMBER_MAX_BYTES)
        return false;
    for (size_t i = 0; i < raw.len; i++) {
        int64_t exponent;
        if (raw.p[i] != 'e' && raw.p[i] != 'E')
            continue;
        struct str digits = str_make(raw.p + i + 1, raw.len - i - 1);
        if (digits.len > 0 && digits.p[0] == '+')
            digits = str_make(digits.p + 1, digits.len - 1);
        return str_to_i64(digits, &exponent) && exponent <= EXPONENT_MAX &&
               exponent >= -EXPONENT_MAX;
    }
    return true;
}

bool jsonb_accepts_object(struct str text)
{
    struct json_scan s;
    enum json_token t;
    json_scan_init(&s, text, true);
    bool first = true;
    while ((t = json_scan_next(&s)) > JSON_END) {
        if (first && t != JSON_OBJECT_BEGIN)
            return false;
        first = false;
        if ((t == JSON_KEY || t == JSON_STRING) && !string_fits(s.raw))
            return false;
        if (t == JSON_NUMBER && !number_fits(s.raw))
            return false;
    }
    return t == JSON_END;
}
