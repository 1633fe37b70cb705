/* embed.h; pure. */
#include "tests/simulator/embed.h"

#include "tests/simulator/base64.h"

static uint64_t next(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15U;
    uint64_t v = *state;
    v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9U;
    return v ^ v >> 27;
}

static uint64_t seed(struct str text)
{
    uint64_t h = 14695981039346656037U;
    for (size_t i = 0; i < text.len; i++) {
        h = (h ^ (unsigned char)text.p[i]) * 1099511628211U;
    }
    return h;
}

/* sqrt(3 / n): with it, n numbers spread evenly over -1..1 have length 1. */
static double scale(uint32_t n)
{
    double want = 3.0 / (double)n;
    double root = 1;
    for (int i = 0; i < 40; i++) {
        root = (root + want / root) / 2;
    }
    return root;
}

/* In millionths, so that the text and the float say the same. */
static int64_t millionths(uint64_t *state, double factor)
{
    double v = (double)(next(state) >> 11) / (double)(1ULL << 52) - 1;
    return (int64_t)(v * factor * 1e6);
}

void embed_numbers(struct buf *b, struct str text, uint32_t n)
{
    uint64_t state = seed(text);
    double factor = scale(n);
    for (uint32_t i = 0; i < n; i++) {
        int64_t v = millionths(&state, factor);
        buf_printf(b, "%s%s%lld.%06lld", i ? "," : "", v < 0 ? "-" : "",
                   (long long)(v < 0 ? -v : v) / 1000000, (long long)(v < 0 ? -v : v) % 1000000);
    }
}

void embed_base64(struct buf *b, struct str text, uint32_t n)
{
    uint64_t state = seed(text);
    double factor = scale(n);
    struct buf bytes;
    buf_init(&bytes, (size_t)EMBED_DIMENSIONS_MAX * 4);
    for (uint32_t i = 0; i < n; i++) {
        float f = (float)((double)millionths(&state, factor) / 1e6);
        uint32_t bits;
        memcpy(&bits, &f, sizeof(bits));
        unsigned char le[4] = {(unsigned char)(bits & 255), (unsigned char)(bits >> 8 & 255),
                               (unsigned char)(bits >> 16 & 255), (unsigned char)(bits >> 24)};
        buf_add(&bytes, le, sizeof(le));
    }
    base64_add(b, buf_str(&bytes));
    buf_fini(&bytes);
}
