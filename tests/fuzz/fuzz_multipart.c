/* multipart: the same parts, the same failure, however the bytes are cut; contents lie within the
 * body, in order, and hold no boundary. The first line is the Content-Type's boundary.
 */
#include "common/buf.h"
#include "common/mem.h"
#include "gateway/wire/multipart.h"
#include "tests/fuzz/fuzz.h"

static void note(struct buf *out, const void *p, size_t len)
{
    uint32_t n = (uint32_t)len;
    ASSERT(buf_add(out, &n, sizeof n) && buf_add(out, p, len));
}

static void check_part(const struct multipart_part *p, struct str text, struct str boundary,
                       size_t before)
{
    char mark[4 + MULTIPART_BOUNDARY_MAX] = "\n--";
    ASSERT(before <= p->begin && p->begin <= p->end && p->end < text.len);
    ASSERT(p->name.len > 0);
    memcpy(mark + 3, boundary.p, boundary.len);
    struct str content = str_make(text.p + p->begin, p->end - p->begin);
    ASSERT(str_find_str(content, str_make(mark, boundary.len + 3)) < 0);
    ASSERT(!str_starts(content, str_make(mark + 1, boundary.len + 2)));
}

static void run(struct str text, struct str boundary, size_t step, struct buf *out)
{
    static struct multipart m;
    struct multipart_part p;
    enum multipart_result rc = MULTIPART_MORE;
    size_t before = 0;
    multipart_init(&m, boundary);
    for (size_t at = 0, n = step; at < text.len && rc != MULTIPART_BAD; at += n) {
        n = step > text.len - at ? text.len - at : step;
        char *copy = xmalloc(n);
        memcpy(copy, text.p + at, n);
        struct str bytes = str_make(copy, n);
        while ((rc = multipart_next(&m, &bytes, &p)) == MULTIPART_PART) {
            check_part(&p, text, boundary, before);
            before = p.end;
            note(out, p.name.p, p.name.len);
            note(out, &p.begin, sizeof p.begin);
            note(out, &p.end, sizeof p.end);
            note(out, &p.file, sizeof p.file);
        }
        xfree(copy);
    }
    if (rc == MULTIPART_BAD)
        note(out, p.problem, strlen(p.problem));
    ASSERT(buf_add_char(out, (char)('0' + (int)rc)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    struct str type = str_cut(&text, '\n');
    struct str boundary = multipart_boundary(type);
    struct buf whole, cut;
    if (!text.p || !boundary.p || text.len == 0)
        return 0;
    buf_init(&whole, 64 << 20);
    buf_init(&cut, 64 << 20);
    run(text, boundary, text.len, &whole);
    for (size_t step = 1; step < 8; step += 3) {
        buf_reset(&cut);
        run(text, boundary, step, &cut);
        ASSERT(str_eq(buf_str(&whole), buf_str(&cut)));
    }
    buf_fini(&whole);
    buf_fini(&cut);
    return 0;
}
