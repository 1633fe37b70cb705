/* The error table's enum and accessors. The rows are in err.def. */
#ifndef DOTEB_COMMON_ERR_H
#define DOTEB_COMMON_ERR_H

#include "common/defs.h"

#define E(name, status, type, code, retry, text) E_##name,
enum err {
#include "common/err.def"
    E_COUNT
};
#undef E

enum err_retry { RETRY_NEVER, RETRY_GATEWAY, RETRY_CLIENT };

/* HTTP status, 200..599. */
int err_status(enum err e);
/* Wire words, static. */
const char *err_type(enum err e);
const char *err_code(enum err e);
const char *err_text(enum err e);
/* The row's own name ("BAD_JSON"): what logs and the ledger keep. Static. */
const char *err_name(enum err e);
enum err_retry err_retry(enum err e);

#endif
