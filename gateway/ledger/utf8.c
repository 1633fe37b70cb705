/* Cleaning of text for the ledger: runs on workers, for a few short strings a request. The usual
 * case (valid, short enough) is one check and one copy.
 */
#include "gateway/ledger/utf8.h"

size_t utf8_clean(struct str s, char *out, size_t cap, bool *cut)
{
    if (s.len == 0)
        return 0;
    if (s.len <= cap && !memchr(s.p, 0, s.len) && str_is_utf8(s)) {
        memcpy(out, s.p, s.len);
        return s.len;
    }
    size_t n = 0;
    for (size_t i = 0; i < s.len;) {
        size_t len = str_utf8_len(str_make(s.p + i, s.len - i));
        struct str c = len > 0 ? str_make(s.p + i, len) : STR("\xEF\xBF\xBD");
        i += len > 0 ? len : 1;
        if (c.len == 1 && c.p[0] == '\0')
            continue;
        if (c.len > cap - n) {
            *cut = true;
            break;
        }
        memcpy(out + n, c.p, c.len);
        n += c.len;
    }
    return n;
}
