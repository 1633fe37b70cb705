/* The list of failpoints, parsed once from the environment. Any thread hits; counts are atomic.
 * Compiled only with DOTEB_FAILPOINTS; a malformed list ends the process, since a test that
 * misspells its point would prove nothing.
 */
#include "gateway/failpoint.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/str.h"

enum action { ACTION_KILL, ACTION_ERROR, ACTION_SLEEP };

enum { POINTS_MAX = 16, NAME_MAX_BYTES = 64 };

struct point {
    char name[NAME_MAX_BYTES];
    enum action action;
    int64_t sleep_ms;
    int64_t at; /* the hit that acts; 0: every one */
    _Atomic int64_t hits;
};

static struct {
    pthread_once_t once;
    struct point point[POINTS_MAX];
    size_t n;
} points = {.once = PTHREAD_ONCE_INIT};

static void parse_action(struct str text, struct point *p)
{
    struct str rest = text;
    struct str action = str_cut(&rest, '@');
    if (rest.p != NULL) {
        bool number = str_to_i64(rest, &p->at);
        ASSERT(number && p->at > 0);
    }
    rest = action;
    struct str word = str_cut(&rest, ':');
    if (str_eq(word, STR("kill"))) {
        p->action = ACTION_KILL;
    } else if (str_eq(word, STR("error"))) {
        p->action = ACTION_ERROR;
    } else {
        bool sleeps = str_eq(word, STR("sleep")) && rest.p && str_to_i64(rest, &p->sleep_ms);
        ASSERT(sleeps);
        p->action = ACTION_SLEEP;
    }
}

static void parse_list(struct str list)
{
    points.n = 0;
    while (list.p && list.len > 0) {
        struct str item = str_trim(str_cut(&list, ','));
        struct str name = str_cut(&item, '=');
        ASSERT(points.n < POINTS_MAX && name.len < NAME_MAX_BYTES && item.p != NULL);
        struct point *p = &points.point[points.n++];
        *p = (struct point){.action = ACTION_ERROR};
        memcpy(p->name, name.p, name.len);
        parse_action(item, p);
    }
}

static void parse_environment(void)
{
    parse_list(str_of(getenv("DOTEB_FAILPOINT")));
}

void failpoint_set(const char *list)
{
    pthread_once(&points.once, parse_environment);
    parse_list(str_of(list));
}

bool failpoint_hit(const char *name)
{
    pthread_once(&points.once, parse_environment);
    for (size_t i = 0; i < points.n; i++) {
        struct point *p = &points.point[i];
        if (!str_eq(str_of(p->name), str_of(name)))
            continue;
        int64_t hit = atomic_fetch_add(&p->hits, 1) + 1;
        if (p->at != 0 && hit != p->at)
            continue;
        if (p->action == ACTION_KILL)
            kill(getpid(), SIGKILL);
        if (p->action == ACTION_ERROR)
            return true;
        struct timespec t = {.tv_sec = p->sleep_ms / 1000, .tv_nsec = p->sleep_ms % 1000 * 1000000};
        nanosleep(&t, NULL);
    }
    return false;
}
