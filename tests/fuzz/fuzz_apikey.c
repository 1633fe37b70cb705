/* API keys: any bytes are judged; a key of ours that passes is of our form, and stops passing with
 * any character changed.
 */
#include "common/apikey.h"
#include "tests/fuzz/fuzz.h"

static void check_ours(struct str key)
{
    char copy[APIKEY_TEXT_LEN];
    ASSERT(key.len == sizeof copy);
    memcpy(copy, key.p, sizeof copy);
    for (size_t i = 9; i < sizeof copy; i++) {
        char was = copy[i];
        copy[i] = was == '0' ? '1' : '0';
        ASSERT(!apikey_plausible(str_make(copy, sizeof copy)));
        copy[i] = was;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str key = str_make((const char *)data, size);
    char last[5];
    apikey_last4(key, last);
    ASSERT(strlen(last) == 4);
    bool ok = apikey_plausible(key);
    ASSERT(!ok || (size > 0 && size <= APIKEY_MAX_LEN));
    if (ok && str_starts(key, STR("sk-doteb-")))
        check_ours(key);
    return 0;
}
