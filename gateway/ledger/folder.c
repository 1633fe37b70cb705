/* Opening of the spool's folder: at start, on the main thread. */
#include "gateway/ledger/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "gateway/ledger/segment.h"

static const char id_name[] = "gateway.id";
static const char id_new_name[] = "gateway.id.new";

static bool lock_folder(struct folder *f, const char *dir, char err[256])
{
    f->lock_fd = openat(f->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (f->lock_fd < 0) {
        snprintf(err, 256, "spool folder %s: cannot create the file `lock`: %s", dir,
                 strerror(errno));
        return false;
    }
    if (flock(f->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno == EWOULDBLOCK)
        snprintf(err, 256, "spool folder %s is in use by another gateway: give each its own folder",
                 dir);
    else
        snprintf(err, 256, "spool folder %s: cannot lock it: %s", dir, strerror(errno));
    return false;
}

/* Writes a new id, so that a crash leaves either none or a whole one. */
static bool make_id(struct folder *f)
{
    char text[UUID_TEXT_LEN + 2];
    f->gateway_id = uuid_v7(clock_wall_us());
    uuid_format(f->gateway_id, text);
    text[UUID_TEXT_LEN] = '\n';
    int fd = openat(f->fd, id_new_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool ok = write(fd, text, UUID_TEXT_LEN + 1) == UUID_TEXT_LEN + 1 && fsync(fd) == 0;
    close(fd);
    return ok && renameat(f->fd, id_new_name, f->fd, id_name) == 0 && fsync(f->fd) == 0;
}

static bool read_id(struct folder *f, const char *dir, char err[256])
{
    char text[UUID_TEXT_LEN + 2] = "";
    int fd = openat(f->fd, id_name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && make_id(f))
        return true;
    if (fd < 0) {
        snprintf(err, 256, "spool folder %s: cannot make its gateway.id: %s", dir, strerror(errno));
        return false;
    }
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n < UUID_TEXT_LEN || !uuid_parse(str_make(text, UUID_TEXT_LEN), &f->gateway_id)) {
        snprintf(err, 256,
                 "spool folder %s: gateway.id is damaged: restore it, or delete it if the folder "
                 "holds no .seg files",
                 dir);
        return false;
    }
    return true;
}

static int compare_seq(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool list_segments(struct folder *f, const char *dir, char err[256])
{
    int fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d) {
        snprintf(err, 256, "spool folder %s: cannot list it: %s", dir, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        uint64_t seq;
        struct stat st;
        if (!segment_parse_name(e->d_name, &seq))
            continue;
        f->old = xrealloc(f->old, (f->n_old + 1) * sizeof *f->old);
        f->old[f->n_old++] = seq;
        if (fstatat(f->fd, e->d_name, &st, 0) == 0)
            f->old_bytes += st.st_size;
    }
    closedir(d);
    if (f->n_old > 1)
        qsort(f->old, f->n_old, sizeof *f->old, compare_seq);
    return true;
}

bool folder_open(struct folder *f, const char *dir, bool create, char err[256])
{
    *f = (struct folder){.fd = -1, .lock_fd = -1};
    if (create && mkdir(dir, 0700) != 0 && errno != EEXIST) {
        snprintf(err, 256, "spool folder %s: cannot create it: %s", dir, strerror(errno));
        return false;
    }
    f->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->fd < 0) {
        snprintf(err, 256, "spool folder %s: cannot open it: %s", dir, strerror(errno));
        return false;
    }
    if (lock_folder(f, dir, err) && read_id(f, dir, err) && list_segments(f, dir, err))
        return true;
    folder_close(f);
    return false;
}

void folder_close(struct folder *f)
{
    if (f->lock_fd >= 0)
        close(f->lock_fd);
    if (f->fd >= 0)
        close(f->fd);
    xfree(f->old);
    *f = (struct folder){.fd = -1, .lock_fd = -1};
}
