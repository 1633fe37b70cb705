/* The arena knows the bound, and every reader stops at it (read.c); what was read by then is
 * nothing. */
#include "gateway/dialect/bounded.h"

#include "gateway/dialect/refuse.h"

static void begin(struct arena *a, struct str body)
{
    arena_set_most(a, arena_used_bytes(a) + BOUNDED_LEAST_BYTES + body.len * BOUNDED_TIMES);
}

static enum err end(struct arena *a, enum err err, struct dialect_refusal *why)
{
    bool over = arena_is_over(a);
    arena_set_most(a, 0);
    if (!over)
        return err;
    (void)dialect_refuse(a, why, E_BODY_TOO_LARGE, STR(""),
                         "The request has more parts than this gateway takes in one.");
    return E_BODY_TOO_LARGE;
}

enum err bounded_scan(const struct dialect *d, struct str body, const struct dialect_call *call,
                      struct arena *a, struct dialect_request *out, struct dialect_refusal *why)
{
    begin(a, body);
    return end(a, d->scan_request(body, call, a, out, why), why);
}

enum err bounded_parse(const struct dialect *d, struct str body, const struct dialect_request *scan,
                       struct arena *a, struct ir_chat *out, struct dialect_refusal *why)
{
    begin(a, body);
    return end(a, d->parse_request(body, scan, a, out, why), why);
}
