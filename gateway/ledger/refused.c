/* Appending to the file of refused records. Runs on the ledger's writer thread, hardly ever. */
#include "gateway/ledger/refused.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "gateway/ledger/record.h"

static bool append(int fd, struct str s)
{
    while (s.len > 0) {
        ssize_t n = write(fd, s.p, s.len);
        if (n < 0)
            return false;
        s = str_make(s.p + n, s.len - (size_t)n);
    }
    return true;
}

/* The request's id stands at the same place in both kinds of record. */
static struct uuid id_of(struct str open_bytes, struct str close_bytes)
{
    struct uuid id = {{0}};
    struct str bytes = open_bytes.len > 0 ? open_bytes : close_bytes;
    if (bytes.len >= 32)
        memcpy(&id, bytes.p + 16, sizeof id);
    return id;
}

bool refused_keep(struct refused *r, struct str open_bytes, struct str close_bytes, const char *why)
{
    char name[64];
    char run[UUID_TEXT_LEN + 1];
    uuid_format(r->run_id, run);
    snprintf(name, sizeof name, "refused-%s.rec", run);
    int fd = openat(r->dir_fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && append(fd, open_bytes) && append(fd, close_bytes) && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (ok)
        log_event(LOG_ERROR, "ledger_record_refused",
                  LOG_ID("request", id_of(open_bytes, close_bytes)), LOG_S("reason", why),
                  LOG_S("file", name));
    else
        log_event(LOG_ERROR, "ledger_refused_not_kept", LOG_S("file", name),
                  LOG_S("reason", strerror(error)));
    return ok;
}
