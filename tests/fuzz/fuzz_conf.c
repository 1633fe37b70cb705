/* The configuration file's text: a load either fills every field within its bounds or says why and
 * keeps nothing. No secret among the rows: their _FILE form would open files that the fuzzer names.
 */
#include "common/conf.h"
#include "tests/fuzz/fuzz.h"

struct settings {
    char *host;
    int64_t port, wait_ms, size;
    bool debug;
};

static const struct conf_row rows[] = {
    {"DOTEB_HOST", CONF_STRING, offsetof(struct settings, host), "", 0, 0, "h"},
    {"DOTEB_PORT", CONF_INT, offsetof(struct settings, port), "1", 1, 65535, "h"},
    {"DOTEB_WAIT", CONF_MS, offsetof(struct settings, wait_ms), "1s", 0, 60000, "h"},
    {"DOTEB_SIZE", CONF_BYTES, offsetof(struct settings, size), "1MB", 0, 0, "h"},
    {"DOTEB_DEBUG", CONF_BOOL, offsetof(struct settings, debug), "no", 0, 0, "h"},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *const no_environment[] = {NULL};
    struct settings set;
    char err[512] = "";
    struct str text = str_make((const char *)data, size);
    if (conf_load_from(rows, ARRAY_LEN(rows), text, no_environment, &set, err)) {
        ASSERT(set.host != NULL && strlen(set.host) <= size);
        ASSERT(set.port >= 1 && set.port <= 65535);
        ASSERT(set.wait_ms >= 0 && set.wait_ms <= 60000 && set.size >= 0);
        conf_free(rows, ARRAY_LEN(rows), &set);
    } else {
        ASSERT(err[0] != '\0' && memchr(err, '\0', sizeof err) != NULL);
    }
    ASSERT(set.host == NULL);
    return 0;
}
