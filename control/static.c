/* Loads and finds the dashboard's files. Loading runs at start and on a job thread, finding on the
 * loop's. A request path is only ever looked up in the map: it never reaches the file system.
 */
#include "control/static.h"

#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/log.h"
#include "common/map.h"
#include "common/mem.h"

enum { TOTAL_MAX = 64 << 20, DEPTH_MAX = 8 };

struct static_set {
    atomic_int refs;
    struct arena *arena;
    struct map files; /* URL path -> struct static_file */
    size_t total;
};

struct type_row {
    const char *suffix, *type;
};

static const struct type_row types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".webp", "image/webp"},
    {".woff2", "font/woff2"},
    {".woff", "font/woff"},
    {".txt", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
};

static const char *type_of(struct str path)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (str_ends(path, str_of(types[i].suffix)))
            return types[i].type;
    return "application/octet-stream";
}

/* All of an open file, or STR_NULL. */
static struct str read_all(struct static_set *s, int fd, size_t size)
{
    size_t got = 0;
    if (s->total + size > TOTAL_MAX)
        return STR_NULL;
    char *p = arena_alloc(s->arena, size + 1);
    while (got < size) {
        ssize_t n = read(fd, p + got, size - got);
        if (n <= 0)
            return STR_NULL;
        got += (size_t)n;
    }
    s->total += size;
    return str_make(p, size);
}

static struct static_file *file_of(struct static_set *s, struct str path)
{
    struct static_file *f = map_get(&s->files, path);
    if (f)
        return f;
    f = ARENA_NEW(s->arena, struct static_file);
    (void)map_put(&s->files, arena_str(s->arena, path), f);
    return f;
}

static void set_meta(struct static_file *f, struct str path)
{
    uint8_t hash[16];
    char hex[sizeof hash * 2 + 1];
    (void)crypto_generichash(hash, sizeof hash, (const uint8_t *)f->body.p, f->body.len, NULL, 0);
    (void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    (void)snprintf(f->etag, sizeof f->etag, "\"%s\"", hex);
    f->type = type_of(path);
    f->immutable = str_starts(path, STR("/assets/"));
}

/* `path` is the URL path, "/assets/x.js.gz". */
static void add_file(struct static_set *s, int dir, const char *name, struct str path, size_t size)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct str body = fd < 0 ? STR_NULL : read_all(s, fd, size);
    if (fd >= 0)
        (void)close(fd);
    if (!body.p) {
        log_event(LOG_WARN, "dashboard_file_left_out", LOG_STR("path", path));
        return;
    }
    if (str_ends(path, STR(".gz"))) {
        file_of(s, str_make(path.p, path.len - 3))->gzip = body;
    } else if (str_ends(path, STR(".br"))) {
        file_of(s, str_make(path.p, path.len - 3))->brotli = body;
    } else {
        struct static_file *f = file_of(s, path);
        f->body = body;
        set_meta(f, path);
    }
}

static void add_dir(struct static_set *s, int parent, const char *name, const char *prefix,
                    int depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    struct stat st;
    if (!dir) {
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.' || fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        char *path = arena_printf(s->arena, "%s/%s", prefix, entry->d_name);
        if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
            add_dir(s, fd, entry->d_name, path, depth + 1);
        else if (S_ISREG(st.st_mode))
            add_file(s, fd, entry->d_name, str_of(path), (size_t)st.st_size);
    }
    (void)closedir(dir);
}

struct static_set *static_load(const char *dir)
{
    struct static_set *s = xcalloc(1, sizeof *s);
    atomic_init(&s->refs, 1);
    s->arena = arena_new(64 << 10);
    map_init(&s->files);
    add_dir(s, AT_FDCWD, dir, "", 0);
    log_event(LOG_INFO, "dashboard_loaded", LOG_S("dir", dir), LOG_I("files", s->files.len),
              LOG_I("bytes", s->total));
    if (!static_find(s, STR("/index.html")))
        log_event(LOG_WARN, "dashboard_missing", LOG_S("DOTEB_DASHBOARD_DIR", dir),
                  LOG_S("advice", "name the folder that holds its index.html; dashboard/build.sh "
                                  "makes dashboard/dist"));
    return s;
}

struct static_set *static_ref(struct static_set *s)
{
    (void)atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void static_unref(struct static_set *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    map_fini(&s->files);
    arena_free(s->arena);
    xfree(s);
}

const struct static_file *static_find(const struct static_set *s, struct str path)
{
    const struct static_file *f = map_get(&s->files, path);
    if (!f) {
        struct str last = path;
        for (ptrdiff_t slash; (slash = str_find(last, '/')) >= 0;)
            last = str_make(last.p + slash + 1, last.len - (size_t)slash - 1);
        if (str_find(last, '.') < 0)
            f = map_get(&s->files, STR("/index.html"));
    }
    return f && f->body.p ? f : NULL;
}

int64_t static_stamp(const char *dir)
{
    char path[4096];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/index.html", dir);
    if (stat(path, &st) != 0)
        return 0;
    return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec + st.st_size;
}
