/* Options of a provider key: what fills the {holes} of a provider's address. Both daemons check
 * them: control when one is saved, the gateway before it uses one. Pure.
 */
#ifndef DOTEB_COMMON_PROVIDER_OPTION_H
#define DOTEB_COMMON_PROVIDER_OPTION_H

#include "common/defs.h"
#include "common/str.h"

enum provider_option {
    OPTION_REGION,
    OPTION_PROJECT,
    OPTION_RESOURCE,
    OPTION_DEPLOYMENT,
    OPTION_API_VERSION,
    OPTION_COUNT,
    OPTION_NONE = OPTION_COUNT
};

/* "region", ...; static. */
const char *provider_option_name(enum provider_option o);
/* OPTION_NONE if there is no such option. */
enum provider_option provider_option_find(struct str name);
/* May it stand in an address? 1 to 63 lower-case letters, digits and hyphens, no hyphen first; a
 * deployment, which is never part of a host, may have capitals, dots and underscores too. */
MUST_USE bool provider_option_fits(enum provider_option o, struct str value);
/* What provider_option_fits asks for, for people; static. */
const char *provider_option_rule(enum provider_option o);

#endif
