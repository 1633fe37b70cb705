/* The table of options and their alphabets. Pure; any thread. */
#include "common/provider_option.h"

static const char *const names[] = {
    [OPTION_REGION] = "region",           [OPTION_PROJECT] = "project",
    [OPTION_RESOURCE] = "resource",       [OPTION_DEPLOYMENT] = "deployment",
    [OPTION_API_VERSION] = "api_version",
};
static_assert(ARRAY_LEN(names) == OPTION_COUNT, "one name an option");

const char *provider_option_name(enum provider_option o)
{
    ASSERT(o < OPTION_COUNT);
    return names[o];
}

enum provider_option provider_option_find(struct str name)
{
    enum provider_option o = 0;
    while (o < OPTION_COUNT && !str_eq(name, str_of(names[o])))
        o++;
    return o;
}

static bool fits(enum provider_option o, char c, bool first)
{
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
        return true;
    if (o == OPTION_DEPLOYMENT && ((c >= 'A' && c <= 'Z') || (!first && (c == '.' || c == '_'))))
        return true;
    return !first && c == '-';
}

bool provider_option_fits(enum provider_option o, struct str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!fits(o, value.p[i], i == 0))
            return false;
    return value.len >= 1 && value.len <= 63;
}

const char *provider_option_rule(enum provider_option o)
{
    return o == OPTION_DEPLOYMENT
               ? "give 1 to 63 letters, digits, dashes, dots and underscores, a letter or digit "
                 "first."
               : "give 1 to 63 lower-case letters, digits and dashes, no dash first.";
}
