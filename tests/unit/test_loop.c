/* loop: events reach their source, a source that dies inside a batch gets no more of them, owners
 * are buried after it; and the mailbox, which wakes a loop from another thread. */
#include <sys/eventfd.h>
#include <unistd.h>

#include "gateway/loop.h"
#include "gateway/mailbox.h"
#include "tests/unit/unit.h"

struct probe {
    struct source source;
    struct loop *loop;
    struct probe *kills;
    int events;
    bool buried;
};

static void bury(void *owner)
{
    ((struct probe *)owner)->buried = true;
}

static void on_event(struct source *src, uint32_t events)
{
    struct probe *p = container_of(src, struct probe, source);
    ck_assert(events & EPOLLIN);
    p->events++;
    if (!p->kills)
        return;
    loop_remove(p->loop, &p->kills->source);
    loop_bury(p->loop, bury, p->kills);
    ck_assert_msg(!p->kills->buried, "not before the batch is over");
}

static void probe_init(struct probe *p, struct loop *l)
{
    *p = (struct probe){.source = {.fn = on_event, .fd = eventfd(1, EFD_NONBLOCK)}, .loop = l};
    loop_arm(l, &p->source, EPOLLIN);
}

START_TEST(the_dead_get_no_events)
{
    struct loop *l = loop_new();
    struct probe a, b;
    probe_init(&a, l);
    probe_init(&b, l);
    a.kills = &b;
    b.kills = &a;
    ck_assert_int_eq(loop_turn(l, 0), 2);
    ck_assert_msg(a.events + b.events == 1, "one kills the other, whichever comes first");
    ck_assert(a.buried != b.buried);
    close(a.source.fd);
    close(b.source.fd);
    loop_free(l);
}
END_TEST

START_TEST(arming_is_idempotent)
{
    struct loop *l = loop_new();
    struct probe a;
    probe_init(&a, l);
    loop_arm(l, &a.source, EPOLLIN);
    ck_assert_int_eq(loop_turn(l, 0), 1);
    loop_arm(l, &a.source, 0);
    loop_arm(l, &a.source, 0);
    ck_assert_int_eq(loop_turn(l, 0), 0);
    loop_remove(l, &a.source);
    loop_arm(l, &a.source, EPOLLIN);
    ck_assert_int_eq(loop_turn(l, 0), 1);
    /* A closed descriptor is forgotten by the kernel; its number may serve a new file. */
    int fd = a.source.fd;
    close(fd);
    loop_forget(l, &a.source);
    ck_assert_int_eq(eventfd(1, EFD_NONBLOCK), fd);
    loop_arm(l, &a.source, EPOLLIN);
    ck_assert_int_eq(loop_turn(l, 0), 1);
    loop_remove(l, &a.source);
    close(fd);
    loop_free(l);
}
END_TEST

START_TEST(mail_wakes_the_loop)
{
    struct loop *l = loop_new();
    struct mailbox m;
    mailbox_init(&m, l);
    ck_assert_uint_eq(mailbox_take(&m), 0);
    mailbox_post(&m, MAIL_SNAPSHOT);
    mailbox_post(&m, MAIL_STOP);
    ck_assert_int_eq(loop_turn(l, 1000000), 1);
    ck_assert_uint_eq(mailbox_take(&m), MAIL_SNAPSHOT | MAIL_STOP);
    ck_assert_int_eq(loop_turn(l, 0), 0);
    mailbox_fini(&m, l);
    loop_free(l);
}
END_TEST

UNIT_MAIN("loop", the_dead_get_no_events, arming_is_idempotent, mail_wakes_the_loop)
