/* doteb-simulator: options, listening sockets, one event loop a thread, a clean end on SIGTERM or
 * SIGINT. See README.md beside this file.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/simulator/loop.h"

enum { MAX_THREADS = 64, BACKLOG = 4096 };

struct options {
    struct sockaddr_in address;
    unsigned threads;
    const char *api_key;
};

static const char USAGE[] =
    "usage: doteb-simulator --listen IPV4:PORT [--threads N] [--api-key KEY] "
    "[--die-with-parent]\n"
    "Speaks the protocols of model providers for tests. Port 0: any free port; the address is printed.\n";

static bool read_address(struct sockaddr_in *a, const char *text)
{
    struct str port = str_of(text);
    struct str host = str_cut(&port, ':');
    char z[INET_ADDRSTRLEN];
    int64_t n;
    if (host.len >= sizeof(z) || !str_to_i64(port, &n) || n < 0 || n > 65535) {
        return false;
    }
    memcpy(z, host.p, host.len);
    z[host.len] = 0;
    *a = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)n)};
    return inet_pton(AF_INET, z, &a->sin_addr) == 1;
}

static bool read_options(struct options *o, int argc, char **argv)
{
    static const struct option LONG[] = {{"listen", required_argument, NULL, 'l'},
                                         {"threads", required_argument, NULL, 't'},
                                         {"api-key", required_argument, NULL, 'k'},
                                         {"die-with-parent", no_argument, NULL, 'p'},
                                         {NULL, 0, NULL, 0}};
    *o = (struct options){.threads = 1};
    int64_t n;
    int opt;
    while ((opt = getopt_long(argc, argv, "", LONG, NULL)) != -1) {
        switch (opt) {
        case 'l':
            if (!read_address(&o->address, optarg)) {
                return false;
            }
            break;
        case 't':
            if (!str_to_i64(str_of(optarg), &n) || n < 1 || n > MAX_THREADS) {
                return false;
            }
            o->threads = (unsigned)n;
            break;
        case 'k':
            o->api_key = optarg;
            break;
        case 'p':
            prctl(PR_SET_PDEATHSIG, SIGTERM);
            break;
        default:
            return false;
        }
    }
    return optind == argc && o->address.sin_family == AF_INET;
}

/* A listening socket, or -1 with errno. Port 0 in `a` becomes the port that was given. */
static int open_listener(struct sockaddr_in *a, bool shared)
{
    int on = 1;
    socklen_t len = sizeof(*a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* accepted sockets inherit it */
    if (shared) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    }
    if (bind(fd, (struct sockaddr *)a, len) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)a, &len) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static void *run_thread(void *loop)
{
    loop_run(loop);
    return NULL;
}

static bool open_loops(struct loop *loops, struct options *o, struct sim *sim, int stop_fd)
{
    for (unsigned i = 0; i < o->threads; i++) {
        int fd = open_listener(&o->address, o->threads > 1);
        if (fd < 0 || !loop_init(&loops[i], sim, fd, stop_fd)) {
            fprintf(stderr, "doteb-simulator: cannot listen: %s\n", strerror(errno));
            return false;
        }
    }
    return true;
}

static void serve(struct loop *loops, const struct options *o, int stop_fd, const sigset_t *stop)
{
    pthread_t threads[MAX_THREADS];
    char host[INET_ADDRSTRLEN];
    for (unsigned i = 0; i < o->threads; i++) {
        ASSERT(pthread_create(&threads[i], NULL, run_thread, &loops[i]) == 0);
    }
    printf("listening on %s:%u\n", inet_ntop(AF_INET, &o->address.sin_addr, host, sizeof(host)),
           (unsigned)ntohs(o->address.sin_port));
    fflush(stdout);
    int signal_number;
    sigwait(stop, &signal_number);
    alarm(10); /* a loop that does not end must not keep the process */
    eventfd_write(stop_fd, 1);
    for (unsigned i = 0; i < o->threads; i++) {
        pthread_join(threads[i], NULL);
        loop_fini(&loops[i]);
    }
}

int main(int argc, char **argv)
{
    static struct loop loops[MAX_THREADS];
    struct options o;
    struct rlimit files;
    sigset_t stop;
    if (!read_options(&o, argc, argv)) {
        fputs(USAGE, stderr);
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    int stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct sim *sim = sim_new(o.api_key);
    if (!open_loops(loops, &o, sim, stop_fd)) {
        return 1;
    }
    serve(loops, &o, stop_fd, &stop);
    sim_free(sim);
    close(stop_fd);
    return 0;
}
