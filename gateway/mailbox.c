/* Message bits and their eventfd. Posted by any thread, taken by the worker. Never blocks. */
#include "gateway/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

static void on_event(struct source *src, uint32_t events)
{
    (void)events;
    uint64_t count;
    ssize_t n = read(src->fd, &count, sizeof count);
    (void)n;
}

void mailbox_init(struct mailbox *m, struct loop *l)
{
    m->source = (struct source){.fn = on_event, .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    ASSERT(m->source.fd >= 0);
    atomic_init(&m->bits, 0);
    loop_arm(l, &m->source, EPOLLIN);
}

void mailbox_fini(struct mailbox *m, struct loop *l)
{
    loop_remove(l, &m->source);
    close(m->source.fd);
}

void mailbox_post(struct mailbox *m, enum mail what)
{
    atomic_fetch_or_explicit(&m->bits, (unsigned)what, memory_order_release);
    uint64_t one = 1;
    ssize_t n = write(m->source.fd, &one, sizeof one);
    (void)n;
}

unsigned mailbox_take(struct mailbox *m)
{
    if (!atomic_load_explicit(&m->bits, memory_order_relaxed))
        return 0;
    return atomic_exchange_explicit(&m->bits, 0, memory_order_acq_rel);
}
