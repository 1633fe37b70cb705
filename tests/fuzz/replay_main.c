/* The main of fuzz targets built without libFuzzer: gives them every file of the folders named on
 * the command line, and every beginning of the short ones. Single-threaded. Fails if there is no
 * file: a replay of nothing proves nothing.
 */
#include <dirent.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/mem.h"
#include "tests/fuzz/fuzz.h"

enum { INPUT_MAX = 16 << 20, CUT_MAX = 1024 };

/* A copy of exactly `len` bytes, so that the sanitizer sees the first byte read beyond. */
static void give(const char *p, size_t len)
{
    uint8_t *copy = xmalloc(len);
    if (len)
        memcpy(copy, p, len);
    (void)LLVMFuzzerTestOneInput(copy, len);
    xfree(copy);
}

static bool replay(const char *path)
{
    struct buf b;
    char piece[4096];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    buf_init(&b, INPUT_MAX);
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        (void)buf_add(&b, piece, n);
    bool ok = !ferror(f) && !b.failed;
    (void)fclose(f);
    for (size_t len = 0; ok && b.len <= CUT_MAX && len < b.len; len++)
        give(b.p, len);
    if (ok)
        give(b.p, b.len);
    buf_fini(&b);
    return ok;
}

/* Files replayed, or -1. */
static int replay_folder(const char *folder)
{
    int files = 0;
    const struct dirent *entry;
    DIR *dir = opendir(folder);
    while (dir && files >= 0 && (entry = readdir(dir)) != NULL) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        files = replay(path) ? files + 1 : -1;
        if (files < 0)
            fprintf(stderr, "cannot read %s\n", path);
    }
    if (dir)
        (void)closedir(dir);
    return dir ? files : -1;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        int files = replay_folder(argv[i]);
        printf("%s: %d inputs\n", argv[i], files);
        if (files <= 0)
            return 1;
    }
    return argc > 1 ? 0 : 1;
}
