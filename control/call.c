/* What handlers share to write their answers. Job threads. */
#include "control/call.h"

#include "common/clock.h"
#include "common/log.h"

bool call_failed(struct call *c, enum pg_err e)
{
    ASSERT(e != PG_OK);
    bool later = e == PG_LOST || e == PG_RETRY;
    log_event(later ? LOG_WARN : LOG_ERROR, "database_failed", LOG_STR("path", c->req.path),
              LOG_S("error", pg_error(c->pg)));
    if (later) {
        reply_problem(&c->reply, P_UNAVAILABLE, NULL, "The database does not answer; try again.");
        c->reply.retry_after_s = 1;
    } else {
        reply_problem(&c->reply, P_INTERNAL, NULL,
                      "Something is wrong in the control daemon; its log says what.");
    }
    return false;
}

struct buf *call_json(struct call *c, int status)
{
    c->reply.status = status;
    return &c->reply.body;
}

void call_no_content(struct call *c)
{
    c->reply.status = 204;
    c->reply.content_type = NULL;
}

void json_time(struct buf *out, int64_t wall_us)
{
    char text[25];
    clock_format_iso(wall_us, text);
    (void)buf_printf(out, "\"%s\"", text);
}
