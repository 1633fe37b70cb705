/* Lines "type payload" on stdin as AWS's binary frames on stdout, or back: for tests that let AWS's
 * own code judge our frames. Single-threaded.
 *
 *   golden_frames bytes|text
 */
#include <stdio.h>

#include "common/buf.h"
#include "tests/golden/frames.h"

enum { INPUT_MAX = 64 << 20 };

int main(int argc, char **argv)
{
    char piece[4096];
    struct buf in;
    size_t n;
    if (argc != 2 || (strcmp(argv[1], "bytes") != 0 && strcmp(argv[1], "text") != 0)) {
        fprintf(stderr, "usage: golden_frames bytes|text\n");
        return 2;
    }
    buf_init(&in, INPUT_MAX);
    while ((n = fread(piece, 1, sizeof piece, stdin)) > 0)
        ASSERT(buf_add(&in, piece, n));
    struct arena *a = arena_new(65536);
    struct str out = strcmp(argv[1], "bytes") == 0 ? golden_frames_bytes(buf_str(&in), a)
                                                   : golden_frames_text(buf_str(&in), a);
    bool good = fwrite(out.p, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
    arena_free(a);
    buf_fini(&in);
    return good ? 0 : 1;
}
