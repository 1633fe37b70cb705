/* What is asked of every API key, however the client proved that it has it. */
#ifndef DOTEB_STEPS_AUTH_H
#define DOTEB_STEPS_AUTH_H

#include "gateway/request.h"

/* E_OK, or why a key that is known may not be used for this request. */
MUST_USE enum err auth_judge(const struct req *r, const struct snap_key *key,
                             const struct snap_project *project);

#endif
