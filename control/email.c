/* E-mail addresses. Any thread. */
#include "control/email.h"

bool email_fits(struct str s)
{
    ptrdiff_t at = str_find(s, '@');
    if (at < 1 || (size_t)at + 1 >= s.len || s.len > EMAIL_MAX || !str_is_utf8(s))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
            return false;
    return true;
}
