/* An answer that is a stream of live rows: MHD's reader over a viewer's buffer. Its connection is
 * suspended while there is nothing to say. Loop thread.
 */
#include "common/metrics.h"
#include "control/live.h"
#include "control/server_priv.h"

enum { BLOCK_BYTES = 8192 };

static ssize_t read_events(void *exchange, uint64_t pos, char *out, size_t max)
{
    struct exchange *x = exchange;
    CHECK(x, EXCHANGE_MAGIC);
    (void)pos;
    ptrdiff_t n = live_read(x->call.viewer, out, max, x->mhd);
    if (n < 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (n == 0)
        MHD_suspend_connection(x->mhd);
    return n;
}

static void resume(void *mhd)
{
    MHD_resume_connection(mhd);
}

void answer_wake_live(struct server *s)
{
    live_each_awake(s->live, resume);
}

enum MHD_Result answer_live(struct exchange *x)
{
    struct MHD_Response *r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES,
                                                               read_events, x, NULL);
    ASSERT(r);
    metrics_add(M_API_2XX, 1);
    ASSERT(MHD_add_response_header(r, "Content-Type", "text/event-stream") == MHD_YES);
    ASSERT(MHD_add_response_header(r, "Cache-Control", "no-store") == MHD_YES);
    /* nginx in front: no buffering */
    ASSERT(MHD_add_response_header(r, "X-Accel-Buffering", "no") == MHD_YES);
    return answer_queue(x, 200, r);
}
