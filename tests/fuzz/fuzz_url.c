/* URLs: one that is tidied can be sent, and tidying it again changes nothing; heads and labels of
 * files are read from any bytes. */
#include "gateway/ir/media.h"
#include "gateway/wire/url.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = str_make((const char *)data, size);
    struct url u;
    struct buf once, twice;
    buf_init(&once, 8192);
    buf_init(&twice, 8192);
    if (url_parse(s, &u))
        ASSERT(u.host.len && u.origin.len <= URL_ORIGIN_MAX && str_find(u.target, '#') < 0);
    if (url_tidy(s, &once) == URL_FINE) {
        ASSERT(url_parse(buf_str(&once), &u) && str_find(u.host, '@') < 0);
        for (size_t i = 0; i < once.len; i++)
            ASSERT(once.p[i] > ' ' && once.p[i] < 0x7f);
        ASSERT(url_tidy(buf_str(&once), &twice) == URL_FINE);
        ASSERT(str_eq(buf_str(&once), buf_str(&twice)));
    }
    (void)media_fits(IR_IMAGE, media_sniff(s));
    ASSERT(media_label(s).len <= size || media_label(s).len < 32);
    buf_fini(&once);
    buf_fini(&twice);
    return 0;
}
