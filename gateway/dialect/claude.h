/* What the names of Claude models tell, wherever they are served. Pure. */
#ifndef DOTEB_DIALECT_CLAUDE_H
#define DOTEB_DIALECT_CLAUDE_H

#include "common/defs.h"
#include "common/str.h"

/* Does the model decide itself how much to think, and take an effort? Else it takes a budget. */
bool claude_decides_itself(struct str model);

#endif
