/* A binary search in the text itself: lines need no index, the next one starts behind a line's end.
 * The time tells how a password compares with public ones, and whoever could measure it chose it.
 */
#include "control/password_common.h"

#include <string.h>

#include <sodium.h>

enum { LONGEST = 32 };

static bool is_line(const char *line, size_t len, const char *want, size_t want_len)
{
    return len == want_len && memcmp(line, want, len) == 0;
}

/* Is `want` at or before the line? */
static bool not_after(const char *want, size_t want_len, const char *line, size_t len)
{
    int c = memcmp(want, line, want_len < len ? want_len : len);
    return c < 0 || (c == 0 && want_len <= len);
}

static bool find(const char *want, size_t want_len)
{
    const char *low = common_passwords, *high = common_passwords + common_passwords_len;
    while (low < high) {
        const char *line = low + (high - low) / 2;
        while (line > low && line[-1] != '\n')
            line--;
        const char *end = memchr(line, '\n', (size_t)(high - line));
        size_t len = (size_t)(end - line);
        if (is_line(line, len, want, want_len))
            return true;
        if (not_after(want, want_len, line, len))
            high = line;
        else
            low = end + 1;
    }
    return false;
}

bool common_password(struct str password)
{
    char lower[LONGEST];
    if (password.len > sizeof lower)
        return false;
    for (size_t i = 0; i < password.len; i++) {
        char c = password.p[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    bool found = find(lower, password.len);
    sodium_memzero(lower, sizeof lower);
    return found;
}
