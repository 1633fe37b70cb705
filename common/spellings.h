/* Other names under which clients know a provider: LiteLLM's prefixes ("gemini/x"), so that code
 * written for it runs unchanged. */
#ifndef DOTEB_COMMON_SPELLINGS_H
#define DOTEB_COMMON_SPELLINGS_H

#include "common/str.h"

struct spelling {
    const char *alias, *slug;
};

/* The slug that `name` stands for; STR_NULL: it is no known spelling. */
struct str spelling_slug(struct str name);
/* All rows, for tests. */
const struct spelling *spelling_table(size_t *n);

#endif
