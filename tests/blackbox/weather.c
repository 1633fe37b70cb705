/* Bad weather for a daemon under test, loaded before its libraries (LD_PRELOAD): the wall clock
 * steps, names resolve slowly, the disk syncs slowly. The file that DOTEB_TEST_WEATHER names holds
 * 64-bit numbers. The test changes while the daemon runs: microseconds to add to the wall clock,
 * milliseconds a look-up and a sync of a file take longer. Counted here: look-ups and syncs that
 * were slow. Names that end in .weather are this machine's. No part of the product.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { CLOCK_STEP_US, RESOLVER_MS, DISK_MS, LOOK_UPS, SYNCS, NUMBERS };

static _Atomic int64_t calm[NUMBERS];
static _Atomic int64_t *weather = calm;

__attribute__((constructor)) static void look_outside(void)
{
    const char *path = getenv("DOTEB_TEST_WEATHER");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof calm, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED)
        weather = map;
}

/* The function of that name behind this one; threads may look for it side by side. */
#define BEHIND(name)                                                                               \
    static _Atomic(__typeof__(&name)) found;                                                       \
    __typeof__(&name) behind = atomic_load_explicit(&found, memory_order_relaxed);                 \
    if (!behind) {                                                                                 \
        *(void **)&behind = dlsym(RTLD_NEXT, #name);                                               \
        atomic_store_explicit(&found, behind, memory_order_relaxed);                               \
    }                                                                                              \
    (void)0

static void slow(int how, int count)
{
    int64_t ms = weather[how];
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    if (ms <= 0)
        return;
    nanosleep(&t, NULL);
    weather[count]++;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    BEHIND(clock_gettime);
    int rc = behind(clock, t);
    int64_t step_us = weather[CLOCK_STEP_US];
    if (rc == 0 && step_us && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t ns = t->tv_nsec + step_us % 1000000 * 1000;
        t->tv_sec += step_us / 1000000 + (ns < 0 ? -1 : ns / 1000000000);
        t->tv_nsec = ns < 0 ? ns + 1000000000 : ns % 1000000000;
    }
    return rc;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    int rc = clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec;
    t->tv_usec = now.tv_nsec / 1000;
    return rc;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    BEHIND(getaddrinfo);
    size_t len = node ? strlen(node) : 0;
    if (len > 8 && strcmp(node + len - 8, ".weather") == 0)
        node = "127.0.0.1";
    slow(RESOLVER_MS, LOOK_UPS);
    return behind(node, service, hints, out);
}

int msync(void *from, size_t len, int flags)
{
    BEHIND(msync);
    slow(DISK_MS, SYNCS);
    return behind(from, len, flags);
}

int fsync(int fd)
{
    BEHIND(fsync);
    slow(DISK_MS, SYNCS);
    return behind(fd);
}

int fdatasync(int fd)
{
    BEHIND(fdatasync);
    slow(DISK_MS, SYNCS);
    return behind(fd);
}

int posix_fallocate(int fd, off_t from, off_t len)
{
    BEHIND(posix_fallocate);
    slow(DISK_MS, SYNCS);
    return behind(fd, from, len);
}
