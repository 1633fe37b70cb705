/* Members of a small JSON object, found in one pass; for the credentials and answers of this
 * folder. Pure. Only for this folder.
 */
#ifndef DOTEB_SIGN_MEMBERS_H
#define DOTEB_SIGN_MEMBERS_H

#include "common/arena.h"
#include "gateway/wire/json_scan.h"

/* One member that is looked for. `raw.p` NULL: not there. */
struct member {
    struct str name, raw;
    enum json_token kind;
    bool repeated;
};

/* Finds members of the outermost object (borrowed from the text); false if the text is not one JSON
 * object and nothing else. */
MUST_USE bool members_find(struct str json, struct member *members, size_t n);
/* A string that is not empty, at most `max` raw bytes long and given once? */
bool member_is_text(const struct member *m, size_t max);
/* A string decoded into the arena, where it is wiped. */
struct str member_decode(const struct member *m, struct arena *a);

#endif
