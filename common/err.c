/* Accessors of the error table. Pure; any thread. */
#include "common/err.h"

struct row {
    const char *name, *type, *code, *text;
    int status;
    enum err_retry retry;
};

#define E(n, s, ty, c, r, te)                                                                      \
    [E_##n] = {.name = #n, .type = ty, .code = c, .text = te, .status = s, .retry = RETRY_##r},
static const struct row rows[] = {
#include "common/err.def"
};
#undef E

static_assert(ARRAY_LEN(rows) == E_COUNT, "one row per error");

static const struct row *row_of(enum err e)
{
    ASSERT((unsigned)e < E_COUNT);
    return &rows[e];
}

int err_status(enum err e)
{
    return row_of(e)->status;
}

const char *err_type(enum err e)
{
    return row_of(e)->type;
}

const char *err_code(enum err e)
{
    return row_of(e)->code;
}

const char *err_text(enum err e)
{
    return row_of(e)->text;
}

const char *err_name(enum err e)
{
    return row_of(e)->name;
}

enum err_retry err_retry(enum err e)
{
    return row_of(e)->retry;
}
