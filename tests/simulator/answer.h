/* One answer to a model request, in any protocol, as steps: what bytes go out next, when, and how
 * it ends. Belongs to a connection, which calls answer_step whenever the bytes before were handed
 * to the kernel; does no I/O itself.
 */
#ifndef DOTEB_SIM_ANSWER_H
#define DOTEB_SIM_ANSWER_H

#include "tests/simulator/protocol.h"
#include "tests/simulator/sim.h"

enum answer_step {
    ANSWER_MORE,  /* step again, at once if the output buffer has room */
    ANSWER_FLUSH, /* step again after all bytes went out */
    ANSWER_WAIT,  /* step again wait_us after all bytes went out */
    ANSWER_HANG,  /* never step again: the client has to give up */
    ANSWER_DONE,  /* complete once all bytes went out */
    ANSWER_ABORT  /* close abruptly after all bytes went out */
};

enum answer_phase { PHASE_TTFB, PHASE_HEAD, PHASE_EVENTS, PHASE_END };

struct answer {
    enum answer_phase phase;
    const struct protocol *protocol;
    struct script script;
    struct chat_request chat;
    struct api_error error; /* error.status != 0: this is the answer */
    struct reply reply;
    struct stream stream;
    struct buf body;  /* of an answer that is not streamed; one event of a stream */
    struct buf spare; /* script values with escapes */
    uint64_t seq, received_us;
    uint64_t sent; /* bytes of body put out, without framing */
    uint64_t wait_us;
    uint32_t events; /* of the stream put out */
    uint32_t hang_after;
    uint16_t status;
    bool keep_alive, streamed, chunked;
    char path_model[512]; /* space for a model's name that came in the path */
};

void answer_init(struct answer *a);
void answer_fini(struct answer *a);
/* Reads the request and decides on the answer. What `site` borrows stays where it is until the
 * answer has ended. */
void answer_start(struct answer *a, struct sim *sim, const struct site *site);
enum answer_step answer_step(struct answer *a, struct buf *out);
/* Does the request carry the key the simulator wants? If not, `*e` is what the provider says. */
bool answer_check_key(const struct sim *sim, const struct site *site, struct api_error *e);

#endif
