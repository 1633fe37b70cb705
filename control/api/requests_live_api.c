/* /organisations/{org}/requests/events: new rows of the request log as server-sent events. The call
 * only joins; the HTTP loop sends (live.h). */
#include "control/api/api.h"
#include "control/filter.h"
#include "control/live.h"

void api_requests_events(struct call *c)
{
    struct request_filter f;
    struct filter_words words;
    filter_init(&f, &words, c->org);
    const struct input_row rows[] = {FILTER_ROWS(&f, &words)};
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !filter_take(c, &f, &words))
        return;
    const struct live_ask ask = {.filter = &f,
                                 .user = c->session.user,
                                 .session_hash = c->session.hash,
                                 .last_event_id = c->req.header[HEADER_LAST_EVENT_ID]};
    c->viewer = live_join(c->live, &ask);
    if (c->viewer) {
        c->reply.status = 200;
        return;
    }
    reply_problem(&c->reply, P_UNAVAILABLE, NULL, "Too many people look at live requests now.");
    c->reply.retry_after_s = 10;
}
