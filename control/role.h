/* What a member of an organisation may do, least first. Names are those of members.role. */
#ifndef DOTEB_CONTROL_ROLE_H
#define DOTEB_CONTROL_ROLE_H

#include "common/defs.h"
#include "common/str.h"

enum role { ROLE_NONE, ROLE_VIEWER, ROLE_DEVELOPER, ROLE_ADMIN, ROLE_OWNER };

static const char *const role_names[] = {"none", "viewer", "developer", "admin", "owner", NULL};
static_assert(ARRAY_LEN(role_names) == ROLE_OWNER + 2, "one name per role, and the end");

/* The roles that can be given, as words of an input: word 0 is ROLE_VIEWER. */
#define ROLE_WORDS (role_names + ROLE_VIEWER)

static inline const char *role_name(enum role r)
{
    return role_names[r];
}

/* ROLE_NONE for any other word. */
static inline enum role role_parse(struct str s)
{
    for (size_t i = 0; role_names[i]; i++)
        if (str_eq(s, str_of(role_names[i])))
            return (enum role)i;
    return ROLE_NONE;
}

#endif
